//! What must hold for any bytes.
/// x
pub fn url(bytes: &[u8]) { let _ = gomend::settings::url::Url::parse(&String::from_utf8_lossy(bytes)); }
