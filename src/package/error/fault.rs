//! The causes behind the refusals that go beyond the contract, each with its code.

/// What is wrong with one entry of the archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryFault {
    /// The name is flagged UTF-8 and is not.
    #[error("the name is marked UTF-8 but holds invalid UTF-8")]
    NameNotUtf8,
    /// The name holds a NUL character.
    #[error("the name contains a NUL character")]
    NameNul,
    /// The name holds another control character.
    #[error("the name contains the control character U+{code:04X}")]
    NameControl {
        /// Code point of the first one.
        code: u32,
    },
    /// The name is longer than [`crate::package::MAX_NAME_BYTES`].
    #[error(
        "the name is {bytes} bytes long, over the limit of {}",
        crate::package::MAX_NAME_BYTES
    )]
    NameTooLong {
        /// Length in UTF-8 bytes.
        bytes: usize,
    },
    /// The name has more segments than [`crate::package::MAX_PATH_SEGMENTS`].
    #[error(
        "the path is {depth} levels deep, over the limit of {}",
        crate::package::MAX_PATH_SEGMENTS
    )]
    TooDeep {
        /// Number of path segments.
        depth: usize,
    },
    /// Two entries land on one path.
    #[error("duplicate: lands on the same path as entry {other:?}")]
    Duplicate {
        /// The earlier entry.
        other: String,
    },
    /// The path is a file for one entry and a folder for another.
    #[error("is a file where entry {other:?} needs a folder")]
    FileWhereFolder {
        /// The entry that needs the folder.
        other: String,
    },
    /// The Unix mode says device, FIFO, socket or something unknown.
    #[error("the Unix mode says {kind}, only regular files are allowed")]
    SpecialFile {
        /// What the mode says.
        kind: &'static str,
    },
    /// The entry is encrypted.
    #[error("encrypted entries are not allowed")]
    Encrypted,
    /// Neither stored nor deflate.
    #[error("compression method {method} is not allowed, only stored (0) and deflate (8)")]
    Method {
        /// The method number.
        method: u16,
    },
    /// The entry needs a newer format than exists, or compressed patch data.
    #[error("needs ZIP format {major}.{minor} or patched data, which nothing here can read")]
    Version {
        /// Major version asked for.
        major: u16,
        /// Minor version asked for.
        minor: u16,
    },
    /// There is no local header where the directory says.
    #[error("the directory's offset leads to no local header")]
    NoLocalHeader,
    /// The data reaches outside the archive's entry area.
    #[error("the compressed data runs past the entries into the central directory or the end")]
    DataOutside,
    /// The entry's bytes are also another entry's.
    #[error("overlapping entries: shares bytes with entry {other:?}")]
    Overlap {
        /// The other entry.
        other: String,
    },
    /// Central and local header disagree.
    #[error("central and local header disagree on the {field}")]
    HeadersDisagree {
        /// The field that differs.
        field: &'static str,
    },
    /// A zip64 field of the entry is missing, malformed or contradicts the plain one.
    #[error("the zip64 sizes or offsets in the {header} header lie or are damaged")]
    Zip64 {
        /// `central` or `local`.
        header: &'static str,
    },
    /// The data inflate to another size than declared.
    #[error("the declared size {declared} differs from the real size ({real})")]
    SizeDiffers {
        /// Size in the header, in bytes.
        declared: u64,
        /// What was found, in words, as reading stops at the first byte too many.
        real: String,
    },
    /// The checksum is wrong.
    #[error("CRC mismatch: the data do not have the declared checksum")]
    Crc,
    /// The deflate stream is damaged.
    #[error("the compressed data are damaged: {cause}")]
    Damaged {
        /// What the decoder met.
        cause: &'static str,
    },
}

/// How the archive's directory contradicts itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryFault {
    /// Offsets point before the data they describe.
    #[error("the directory offset lies: it points {by} bytes behind the directory's real place")]
    OffsetLies {
        /// How far off, in bytes.
        by: u64,
    },
    /// The number of entries is wrong.
    #[error("the entry count lies: {declared} declared, {found} found")]
    CountLies {
        /// Count in the end record.
        declared: u64,
        /// Entries in the directory.
        found: u64,
    },
    /// The last entry runs past the directory.
    #[error("the last directory entry is cut off by the directory's declared size")]
    LastEntryCut,
    /// A zip64 record is missing or contradicts the plain one.
    #[error("zip64 lies: {what}")]
    Zip64 {
        /// What contradicts what.
        what: &'static str,
    },
    /// More than one disk.
    #[error("archives spread over several disks are not allowed")]
    MultiDisk,
}

/// Why the manifest is not acceptable YAML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestFault {
    /// Bytes that are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// The manifest file itself is too large to be one.
    #[error("{bytes} bytes, over the limit of {limit} for a manifest")]
    TooLarge {
        /// Size in bytes.
        bytes: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// A syntax or construction error.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// An explicit tag.
    #[error("YAML tags are not allowed ({0})")]
    Tag(String),
    /// A second document.
    #[error("more than one YAML document")]
    SeveralDocuments,
    /// An alias inside the node it refers to.
    #[error("a YAML alias refers to a node it is part of")]
    RecursiveAlias,
    /// Too many nodes, usually through aliases or merge keys.
    #[error("YAML aliases or nodes blow up past {limit} {unit}")]
    Explosion {
        /// The limit.
        limit: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// Nested too deeply.
    #[error("YAML nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

/// Why something found in a folder cannot be packed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FolderFault {
    /// The path given is not a folder.
    #[error("not a folder")]
    NotAFolder,
    /// The path given is not a regular file.
    #[error("not a regular file")]
    NotAFile,
    /// A device, FIFO or socket.
    #[error("{0}, only regular files and folders can be packed")]
    Special(&'static str),
    /// A file name that is not UTF-8.
    #[error("the file name is not UTF-8")]
    NameNotUtf8,
    /// More things than any package may hold.
    #[error("the folder holds more than {limit} files and folders")]
    TooManyEntries {
        /// The limit.
        limit: usize,
    },
    /// Folders nested too deeply.
    #[error("folders are nested deeper than {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The file changed while it was read.
    #[error("the file changed while it was being read")]
    Changed,
}

impl EntryFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NameNotUtf8 => "name_not_utf8",
            Self::NameNul => "name_nul",
            Self::NameControl { .. } => "name_control_character",
            Self::NameTooLong { .. } => "name_too_long",
            Self::TooDeep { .. } => "path_too_deep",
            Self::Duplicate { .. } => "duplicate_path",
            Self::FileWhereFolder { .. } => "file_where_folder",
            Self::SpecialFile { .. } => "special_file",
            Self::Encrypted => "encrypted_entry",
            Self::Method { .. } => "compression_method",
            Self::Version { .. } => "zip_version",
            Self::NoLocalHeader => "no_local_header",
            Self::DataOutside => "data_outside",
            Self::Overlap { .. } => "overlapping_entries",
            Self::HeadersDisagree { .. } => "headers_disagree",
            Self::Zip64 { .. } => "zip64_entry",
            Self::SizeDiffers { .. } => "size_differs",
            Self::Crc => "crc_mismatch",
            Self::Damaged { .. } => "damaged_data",
        }
    }
}

impl EntryFault {
    /// A next step. Names and kinds stay as they are however often the files are packed; damage does not.
    pub(super) fn hint(&self) -> String {
        match self {
            Self::NameNotUtf8 | Self::NameNul | Self::NameControl { .. } => {
                "rename the file, in UTF-8 and without control characters".into()
            }
            Self::NameTooLong { .. } => format!(
                "shorten the names: with its folders a file's may have {} bytes",
                crate::package::MAX_NAME_BYTES
            ),
            Self::TooDeep { .. } => format!(
                "move it up: a path may have {} segments",
                crate::package::MAX_PATH_SEGMENTS
            ),
            Self::Duplicate { .. } => {
                "keep one of the two; letter case alone does not tell names apart".into()
            }
            Self::FileWhereFolder { .. } => "rename the file or the folder".into(),
            Self::SpecialFile { .. } => "leave it out, or store a regular file in its place".into(),
            Self::Encrypted
            | Self::Method { .. }
            | Self::Version { .. }
            | Self::NoLocalHeader
            | Self::DataOutside
            | Self::Overlap { .. }
            | Self::HeadersDisagree { .. }
            | Self::Zip64 { .. }
            | Self::SizeDiffers { .. }
            | Self::Crc
            | Self::Damaged { .. } => super::PACK_AGAIN.into(),
        }
    }
}

impl DirectoryFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::OffsetLies { .. } => "directory_offset",
            Self::CountLies { .. } => "directory_count",
            Self::LastEntryCut => "directory_cut",
            Self::Zip64 { .. } => "zip64_directory",
            Self::MultiDisk => "multi_disk",
        }
    }
}

impl ManifestFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "manifest_not_utf8",
            Self::TooLarge { .. } => "manifest_too_large",
            Self::Syntax(_) => "manifest_not_yaml",
            Self::Tag(_) => "manifest_tag",
            Self::SeveralDocuments => "manifest_documents",
            Self::RecursiveAlias | Self::Explosion { .. } => "manifest_aliases",
            Self::TooDeep { .. } => "manifest_too_deep",
        }
    }
}

impl FolderFault {
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::NotAFolder => "not_a_folder",
            Self::NotAFile => "not_a_file",
            Self::Special(_) => "special_file",
            Self::NameNotUtf8 => "name_not_utf8",
            Self::TooManyEntries { .. } => "folder_too_large",
            Self::TooDeep { .. } => "folder_too_deep",
            Self::Changed => "file_changed",
        }
    }
}
