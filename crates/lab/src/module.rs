//! A Go module's content and what is derived from it: the zip that proxies
//! serve (<https://go.dev/ref/mod#zip-files>) and its hashes as in go.sum.

use aws_lc_rs::digest::{SHA256, digest};

use crate::{base64, hex};

/// One version of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Module {
    /// The module path.
    pub path: &'static str,
    /// The version.
    pub version: &'static str,
    /// Its files: path below the module's root, content. `go.mod` is one of them.
    pub files: &'static [(&'static str, &'static str)],
}

impl Module {
    /// The content of `go.mod`.
    #[must_use]
    pub fn go_mod(&self) -> &'static str {
        self.files
            .iter()
            .find(|(name, _)| *name == "go.mod")
            .map_or("", |(_, content)| content)
    }

    /// The zip, uncompressed (PKWARE APPNOTE sections 4.3.7, 4.3.12, 4.3.16).
    #[must_use]
    pub fn zip(&self) -> Vec<u8> {
        let mut zip = Vec::new();
        let mut directory = Vec::new();
        for (name, content) in self.files {
            let name = self.prefixed(name);
            let offset = size(zip.len());
            let mut common = Vec::new();
            // Version, flags, method 0, time and date (1980-01-01).
            for number in [10_u16, 0, 0, 0, 0x21] {
                common.extend(number.to_le_bytes());
            }
            for number in [
                crc32(content.as_bytes()),
                size(content.len()),
                size(content.len()),
            ] {
                common.extend(number.to_le_bytes());
            }
            common.extend(short(name.len()).to_le_bytes());
            common.extend([0, 0]); // no extra field
            zip.extend(b"PK\x03\x04");
            zip.extend(&common);
            zip.extend(name.as_bytes());
            zip.extend(content.as_bytes());
            directory.extend(b"PK\x01\x02\x0a\x00");
            directory.extend(&common);
            directory.extend([0; 10]); // no comment, disk 0, no attributes
            directory.extend(offset.to_le_bytes());
            directory.extend(name.as_bytes());
        }
        let start = size(zip.len());
        zip.extend(&directory);
        zip.extend(b"PK\x05\x06\0\0\0\0");
        zip.extend(short(self.files.len()).to_le_bytes());
        zip.extend(short(self.files.len()).to_le_bytes());
        zip.extend(size(directory.len()).to_le_bytes());
        zip.extend(start.to_le_bytes());
        zip.extend([0, 0]);
        zip
    }

    /// The two lines of go.sum, each with its newline.
    #[must_use]
    pub fn go_sum(&self) -> String {
        let all = self
            .files
            .iter()
            .map(|(name, content)| (self.prefixed(name), *content))
            .collect();
        let go_mod = vec![("go.mod".into(), self.go_mod())];
        let Self { path, version, .. } = self;
        format!(
            "{path} {version} {}\n{path} {version}/go.mod {}\n",
            h1(all),
            h1(go_mod)
        )
    }

    /// `h1:` of its files.
    #[must_use]
    pub fn sum(&self) -> String {
        let line = self.go_sum();
        let first = line.lines().next().and_then(|line| line.rsplit(' ').next());
        first.unwrap_or_default().to_owned()
    }

    fn prefixed(&self, name: &str) -> String {
        format!("{}@{}/{name}", self.path, self.version)
    }
}

fn size(size: usize) -> u32 {
    u32::try_from(size).expect("the laboratory's modules are tiny")
}

fn short(size: usize) -> u16 {
    u16::try_from(size).expect("the laboratory's modules are tiny")
}

/// `h1:` of golang.org/x/mod/sumdb/dirhash: the SHA-256 of sorted lines of
/// SHA-256 and name.
fn h1(mut files: Vec<(String, &str)>) -> String {
    files.sort();
    let lines: Vec<String> = files
        .into_iter()
        .map(|(name, content)| {
            format!(
                "{}  {name}
",
                hex(digest(&SHA256, content.as_bytes()).as_ref())
            )
        })
        .collect();
    let lines = lines.concat();
    format!("h1:{}", base64(digest(&SHA256, lines.as_bytes()).as_ref()))
}

/// CRC-32 of IEEE 802.3, reflected, bit by bit: a few hundred bytes at most.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_of_the_check_string() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
