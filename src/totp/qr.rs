//! The picture that an authenticator app scans.

use std::fmt::Write;

use qrcode::{Color, EcLevel, QrCode};

use crate::secret::Secret;

/// How many modules stay white around a code (ISO/IEC 18004 5.3.8).
const QUIET_ZONE: usize = 4;

/// A text as a QR code in SVG, to be put into a page as it is.
///
/// It has no size of its own and scales to that of its place; it brings its white ground along, for dark pages;
/// who cannot see it is told what it is.
pub(super) fn svg(text: &str) -> Secret<String> {
    // Its only error is a text of more than two thousand bytes, and labels are bounded.
    let code = QrCode::with_error_correction_level(text, EcLevel::M);
    Secret::new(code.map(|code| draw(&code)).unwrap_or_default())
}

fn draw(code: &QrCode) -> String {
    let modules = code.to_colors();
    let side = code.width() + 2 * QUIET_ZONE;
    // Room for all of it: a text that grows leaves copies of itself behind.
    let mut svg = String::with_capacity(512 + modules.len() * 12);
    // Writing to a text never fails.
    let _ = write!(svg, r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}""##);
    svg.push_str(r##" role="img" shape-rendering="crispEdges">"##);
    svg.push_str("<title>QR code for an authenticator app</title>");
    let _ = write!(svg, r##"<path fill="#fff" d="M0 0h{side}v{side}H0z"/>"##);
    svg.push_str(r##"<path fill="#000" d=""##);
    for (row, y) in modules.chunks(code.width()).zip(QUIET_ZONE..) {
        draw_row(row, y, &mut svg);
    }
    svg.push_str(r##""/></svg>"##);
    svg
}

/// A rectangle for each run of dark modules.
fn draw_row(row: &[Color], y: usize, svg: &mut String) {
    let mut x = QUIET_ZONE;
    for run in row.chunk_by(Color::eq) {
        let width = run.len();
        if run.first() == Some(&Color::Dark) {
            let _ = write!(svg, "M{x} {y}h{width}v1h-{width}z");
        }
        x += width;
    }
}
