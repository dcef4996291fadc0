//! The checksum of a module's zip as go.sum and the checksum database hold it.
//!
//! In: a zip, from anybody. Out: `h1:` and the base64 of the SHA-256 over sorted
//! lines of each file's SHA-256 and name (golang.org/x/mod/sumdb/dirhash, `Hash1` over
//! `HashZip`). The names are taken as they are; what may stand in a module zip is go's business.

use std::io::{Read, Seek, SeekFrom};

use aws_lc_rs::digest::{Context, SHA256, digest};
use base64::Engine as _;

use crate::escape;

/// What all files of a module may hold unpacked (golang.org/x/mod/zip, `MaxZipFile`).
const MOST: u64 = 500 << 20;

/// The checksum; `None`: this is no zip, or one that no go would unpack.
#[must_use]
pub(crate) fn h1(mut zip: impl Read + Seek) -> Option<String> {
    if directory_size(&mut zip)? > DIRECTORY {
        return None;
    }
    let mut archive = zip::ZipArchive::new(zip).ok()?;
    let (mut lines, mut left) = (Vec::new(), MOST);
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).ok()?;
        let name = file.name().ok()?.into_owned();
        if name.contains('\n') {
            return None;
        }
        let (hash, size) = sha256(&mut file, left)?;
        left -= size;
        lines.push((name, hash));
    }
    lines.sort();
    let text: Vec<String> = lines
        .iter()
        .map(|(name, hash)| format!("{hash}  {name}\n"))
        .collect();
    let sum = digest(&SHA256, text.concat().as_bytes());
    let sum = base64::engine::general_purpose::STANDARD.encode(sum.as_ref());
    Some(format!("h1:{sum}"))
}

/// The largest directory that is read into memory: some twenty thousand files.
const DIRECTORY: u32 = 2 << 20;

/// How far from its end a zip's last record may begin: its 22 bytes and a comment.
const TAIL: u64 = 22 + 0xffff;

/// What the last record says of the directory's size (APPNOTE, 4.3.16): its largest value where it is in another
/// record, which no module zip needs. `None`: there is no such record.
fn directory_size(zip: &mut (impl Read + Seek)) -> Option<u32> {
    let size = zip.seek(SeekFrom::End(0)).ok()?;
    zip.seek(SeekFrom::Start(size.saturating_sub(TAIL))).ok()?;
    let mut tail = Vec::new();
    zip.read_to_end(&mut tail).ok()?;
    let record = tail
        .windows(22)
        .rfind(|record| record.starts_with(b"PK\x05\x06"))?;
    Some(u32::from_le_bytes(record[12..16].try_into().ok()?))
}

/// Hexadecimal, and how much was read; `None`: unreadable, or more than `most`.
fn sha256(file: &mut impl Read, most: u64) -> Option<(String, u64)> {
    let (mut context, mut piece, mut size) = (Context::new(&SHA256), [0; 16 << 10], 0);
    loop {
        let read = file.read(&mut piece).ok()?;
        if read == 0 {
            break;
        }
        size += read as u64;
        if size > most {
            return None;
        }
        context.update(&piece[..read]);
    }
    Some((escape::hex(context.finish().as_ref()), size))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::lab::town::{LIB, WIDGET};

    /// The laboratory makes its zips and go.sum lines with code of its own, and the real go accepts both.
    #[test]
    fn the_checksum_that_go_sum_holds() {
        for module in [WIDGET, LIB] {
            let sum = h1(Cursor::new(module.zip())).unwrap();
            let line = format!("{} {} {sum}\n", module.path, module.version);
            assert!(module.go_sum().contains(&line), "{line}");
        }
    }

    #[test]
    fn packed_files_are_unpacked_and_others_are_no_zip() {
        use std::io::Write as _;
        let options = zip::write::SimpleFileOptions::default();
        let packed = |method| {
            let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
            for name in ["m@v1.0.0/b.go", "m@v1.0.0/a.go"] {
                writer
                    .start_file(name, options.compression_method(method))
                    .unwrap();
                writer.write_all(&b"package m\n".repeat(1000)).unwrap();
            }
            writer.finish().unwrap().into_inner()
        };
        let stored = packed(zip::CompressionMethod::Stored);
        let deflated = packed(zip::CompressionMethod::Deflated);
        assert!(deflated.len() < stored.len());
        let sum = |zip: &[u8]| h1(Cursor::new(zip));
        assert_eq!(sum(&stored), sum(&deflated));
        assert_eq!(sum(b"not a zip at all\n"), None);
        assert_eq!(sum(&stored[..stored.len() / 2]), None);
    }
}
