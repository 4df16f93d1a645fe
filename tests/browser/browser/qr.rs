//! Reading the picture that an authenticator app scans.

use thirtyfour::WebElement;

/// What the QR code says that an element shows on the screen.
pub(crate) async fn scan(element: &WebElement) -> String {
    let (width, height, grey) = grey(&element.screenshot_as_png().await.unwrap());
    let mut picture =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| grey[y * width + x]);
    let grids = picture.detect_grids();
    assert_eq!(grids.len(), 1, "QR codes on a picture of {width} by {height}");
    grids[0].decode().unwrap().1
}

fn grey(png: &[u8]) -> (usize, usize, Vec<u8>) {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let samples = info.color_type.samples();
    // Black, white and what lies between: one channel tells.
    let grey = pixels.chunks_exact(samples).map(|pixel| pixel[0]).collect();
    (info.width.try_into().unwrap(), info.height.try_into().unwrap(), grey)
}
