//! A ZIP writer that lies where it is told to.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use crate::package::bytes::crc32;

type Tweak = Box<dyn Fn(&mut Vec<u8>)>;

/// One entry, honest until told otherwise. Header tweaks get the finished header's bytes.
pub(super) struct Item {
    name: Vec<u8>,
    content: Vec<u8>,
    pub compressed: Vec<u8>,
    pub method: u16,
    pub flags: u16,
    pub mode: u16,
    pub local_extra: Vec<u8>,
    pub central_extra: Vec<u8>,
    /// Bytes after the data, where a data descriptor stands.
    pub trailer: Vec<u8>,
    tweak_local: Vec<Tweak>,
    tweak_central: Vec<Tweak>,
}

impl Item {
    pub(super) fn stored(name: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref().to_vec();
        Self {
            name: name.as_ref().to_vec(),
            compressed: content.clone(),
            content,
            method: 0,
            flags: 0x800,
            mode: 0o100_644,
            local_extra: Vec::new(),
            central_extra: Vec::new(),
            trailer: Vec::new(),
            tweak_local: Vec::new(),
            tweak_central: Vec::new(),
        }
    }

    pub(super) fn deflated(name: &str, content: impl AsRef<[u8]>) -> Self {
        let mut item = Self::stored(name, content);
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&item.content).expect("memory");
        item.compressed = encoder.finish().expect("memory");
        item.method = 8;
        item
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Overwrites bytes of the local header.
    pub(super) fn local(mut self, at: usize, bytes: &[u8]) -> Self {
        let bytes = bytes.to_vec();
        self.tweak_local
            .push(Box::new(move |header| overwrite(header, at, &bytes)));
        self
    }

    /// Overwrites bytes of the central header.
    pub(super) fn central(mut self, at: usize, bytes: &[u8]) -> Self {
        let bytes = bytes.to_vec();
        self.tweak_central
            .push(Box::new(move |header| overwrite(header, at, &bytes)));
        self
    }

    /// Size, method and checksum fields, common to both headers.
    fn fields(&self) -> Vec<u8> {
        let mut fields = Vec::new();
        fields.extend(20_u16.to_le_bytes());
        fields.extend(self.flags.to_le_bytes());
        fields.extend(self.method.to_le_bytes());
        fields.extend([0, 0, 0x21, 0]);
        fields.extend(crc32(&self.content).to_le_bytes());
        fields.extend((self.compressed.len() as u32).to_le_bytes());
        fields.extend((self.content.len() as u32).to_le_bytes());
        fields.extend((self.name.len() as u16).to_le_bytes());
        fields
    }

    fn local_bytes(&self) -> Vec<u8> {
        let mut header = b"PK\x03\x04".to_vec();
        header.extend(self.fields());
        header.extend((self.local_extra.len() as u16).to_le_bytes());
        header.extend(&self.name);
        header.extend(&self.local_extra);
        self.tweak_local.iter().for_each(|tweak| tweak(&mut header));
        header.extend(&self.compressed);
        header.extend(&self.trailer);
        header
    }

    fn central_bytes(&self, offset: usize) -> Vec<u8> {
        let mut header = b"PK\x01\x02\x14\x03".to_vec();
        header.extend(self.fields());
        header.extend((self.central_extra.len() as u16).to_le_bytes());
        header.extend([0; 6]);
        header.extend((u32::from(self.mode) << 16).to_le_bytes());
        header.extend((offset as u32).to_le_bytes());
        header.extend(&self.name);
        header.extend(&self.central_extra);
        self.tweak_central
            .iter()
            .for_each(|tweak| tweak(&mut header));
        header
    }
}

/// A whole archive.
#[derive(Default)]
pub(super) struct Archive {
    items: Vec<Item>,
    pub prefix: Vec<u8>,
    pub comment: Vec<u8>,
    pub trailing: Vec<u8>,
    /// Stands between the central directory and the end record.
    pub before_end: Vec<u8>,
    tweak_end: Vec<Tweak>,
}

/// Where the parts of a finished archive are.
pub(super) struct Places {
    pub directory: usize,
    pub directory_size: usize,
}

impl Archive {
    pub(super) fn of(items: impl IntoIterator<Item = Item>) -> Self {
        Self {
            items: items.into_iter().collect(),
            ..Self::default()
        }
    }

    /// With a plain `harness.py` first.
    pub(super) fn with_harness(items: impl IntoIterator<Item = Item>) -> Self {
        Self::of(
            [Item::stored("harness.py", "pass\n")]
                .into_iter()
                .chain(items),
        )
    }

    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Overwrites bytes of the end record.
    pub(super) fn end(mut self, at: usize, bytes: &[u8]) -> Self {
        let bytes = bytes.to_vec();
        self.tweak_end
            .push(Box::new(move |record| overwrite(record, at, &bytes)));
        self
    }

    pub(super) fn places(&self) -> Places {
        let directory = self.items.iter().map(|item| item.local_bytes().len()).sum();
        let directory_size = self
            .items
            .iter()
            .map(|item| item.central_bytes(0).len())
            .sum();
        Places {
            directory,
            directory_size,
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.prefix.clone();
        let mut directory = Vec::new();
        let mut offset = 0;
        for item in &self.items {
            let local = item.local_bytes();
            directory.extend(item.central_bytes(offset));
            offset += local.len();
            bytes.extend(local);
        }
        bytes.extend(&directory);
        bytes.extend(&self.before_end);
        let count = (self.items.len() as u16).to_le_bytes();
        let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
        end.extend([count, count].concat());
        end.extend((directory.len() as u32).to_le_bytes());
        end.extend((offset as u32).to_le_bytes());
        end.extend((self.comment.len() as u16).to_le_bytes());
        end.extend(&self.comment);
        self.tweak_end.iter().for_each(|tweak| tweak(&mut end));
        bytes.extend(end);
        bytes.extend(&self.trailing);
        bytes
    }
}

fn overwrite(header: &mut [u8], at: usize, bytes: &[u8]) {
    header[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The zip64 end record and its locator.
pub(super) fn zip64_end(count: u64, size: u64, offset: u64, record_at: u64) -> Vec<u8> {
    let mut bytes = b"PK\x06\x06".to_vec();
    bytes.extend(44_u64.to_le_bytes());
    bytes.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for value in [count, count, size, offset] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(b"PK\x06\x07\0\0\0\0");
    bytes.extend(record_at.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes
}

/// One extra field.
pub(super) fn extra(id: u16, data: &[u8]) -> Vec<u8> {
    [
        &id.to_le_bytes()[..],
        &(data.len() as u16).to_le_bytes()[..],
        data,
    ]
    .concat()
}
