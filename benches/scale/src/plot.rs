//! The plot: how much more each operation costs as a store grows, store by store.

use std::path::Path;

use plotters::prelude::*;

use crate::operations::Operation;
use crate::results::{Measured, Results};

const PANEL: (u32, u32) = (460, 360);

const SHOWN: [(Operation, RGBColor); 7] = [
    (Operation::Authenticate, RGBColor(0, 114, 178)),
    (Operation::Login, RGBColor(213, 94, 0)),
    (Operation::Refresh, RGBColor(0, 158, 115)),
    (Operation::LogoutAll, RGBColor(204, 121, 167)),
    (Operation::ListSessions, RGBColor(86, 180, 233)),
    (Operation::ListUsers, RGBColor(230, 159, 0)),
    (Operation::Sweep, RGBColor(90, 90, 90)),
];

pub(crate) fn draw(results: &Results, path: &Path) {
    let rows = u32::try_from(results.stores.len().div_ceil(2)).unwrap().max(1);
    let area = SVGBackend::new(path, (PANEL.0 * 2, PANEL.1 * rows)).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let panels = area.split_evenly((usize::try_from(rows).unwrap(), 2));
    for ((store, measured), panel) in results.stores.iter().zip(&panels) {
        panel_of(store, measured, panel);
    }
    area.present().unwrap();
}

fn panel_of(
    store: &str,
    measured: &Measured,
    panel: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
) {
    let sizes: Vec<f64> =
        measured.of(Operation::Authenticate).iter().map(|cost| cost.size as f64).collect();
    let (Some(least), Some(most)) = (sizes.first(), sizes.last()) else { return };
    let mut chart = ChartBuilder::on(panel)
        .caption(format!("{store}: median cost beside that of the smallest"), ("sans-serif", 15))
        .margin(12)
        .x_label_area_size(34)
        .y_label_area_size(40)
        .build_cartesian_2d((*least..*most * 1.05).log_scale(), 0.0..3.0)
        .unwrap();
    chart
        .configure_mesh()
        .x_desc("users, and sessions")
        .x_label_formatter(&|size| format!("{size:.0}"))
        .y_label_formatter(&|ratio| format!("{ratio:.1}x"))
        .light_line_style(WHITE)
        .draw()
        .unwrap();
    for (operation, colour) in SHOWN {
        let points =
            measured.growth(operation).into_iter().map(|(size, ratio)| (size as f64, ratio));
        let line = LineSeries::new(points, colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(line)
            .unwrap()
            .label(operation.name())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .border_style(RGBColor(200, 200, 200))
        .draw()
        .unwrap();
}
