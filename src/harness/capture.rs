//! Reading what a harness prints, within bounds, without ever waiting for the end of a pipe.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};

use nix::fcntl::{FcntlArg, OFlag, fcntl};

use super::outcome::LOG_TAIL_CHARS;

/// Bytes of stderr kept: more than enough for the stored characters, at four bytes each.
const STDERR_KEPT: usize = 1 << 20;
/// Bytes read at once.
const CHUNK: usize = 64 * 1024;
const _: () = assert!(STDERR_KEPT > 4 * LOG_TAIL_CHARS);

/// Both streams of a running harness.
#[derive(Debug)]
pub(crate) struct Capture<O, E> {
    stdout: Option<O>,
    stderr: Option<E>,
    limit: usize,
    out: Vec<u8>,
    err: Vec<u8>,
    overflowed: bool,
    /// Empty until there is something to read: it is not wanted before the harness runs.
    chunk: Vec<u8>,
}

impl<O: Read + AsFd, E: Read + AsFd> Capture<O, E> {
    /// Takes the read ends of both pipes; keeps at most `limit` bytes of stdout.
    pub(crate) fn new(stdout: O, stderr: E, limit: u64) -> io::Result<Self> {
        nonblocking(stdout.as_fd())?;
        nonblocking(stderr.as_fd())?;
        Ok(Self {
            stdout: Some(stdout),
            stderr: Some(stderr),
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            out: Vec::new(),
            err: Vec::new(),
            overflowed: false,
            chunk: Vec::new(),
        })
    }

    /// The descriptors still worth polling.
    pub(crate) fn open(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let stdout = self.stdout.as_ref().map(AsFd::as_fd);
        let stderr = self.stderr.as_ref().map(AsFd::as_fd);
        stdout.into_iter().chain(stderr)
    }

    /// stdout so far.
    pub(crate) fn stdout(&self) -> &[u8] {
        &self.out
    }

    /// Whether stdout held more than the limit.
    pub(crate) fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// Reads what is there now; at most a few chunks of each, so that a flood cannot starve the
    /// caller's clock.
    pub(crate) fn read_available(&mut self) -> io::Result<()> {
        self.read_chunks(16).map(drop)
    }

    /// Reads what is left in the pipes once every writer is dead.
    pub(crate) fn drain(&mut self) -> io::Result<()> {
        // A pipe holds at most its buffer (1 MiB unless privileged); the bound is for a writer that
        // is alive against expectation.
        self.read_chunks(1024).map(drop)
    }

    /// stdout and stderr.
    pub(crate) fn finish(self) -> (Vec<u8>, Vec<u8>) {
        (self.out, self.err)
    }

    fn read_chunks(&mut self, most: usize) -> io::Result<()> {
        self.chunk.resize(CHUNK, 0);
        for _ in 0..most {
            match read_some(&mut self.stdout, &mut self.chunk)? {
                0 => break,
                count => {
                    let room = self.limit - self.out.len();
                    self.overflowed |= count > room;
                    self.out.extend_from_slice(&self.chunk[..count.min(room)]);
                }
            }
        }
        for _ in 0..most {
            match read_some(&mut self.stderr, &mut self.chunk)? {
                0 => break,
                count => {
                    self.err.extend_from_slice(&self.chunk[..count]);
                    if self.err.len() > 2 * STDERR_KEPT {
                        self.err.drain(..self.err.len() - STDERR_KEPT);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Reads once; 0 when nothing is there now or ever, and then forgets a stream that has ended.
fn read_some<R: Read>(stream: &mut Option<R>, chunk: &mut [u8]) -> io::Result<usize> {
    let Some(reader) = stream else { return Ok(0) };
    loop {
        match reader.read(chunk) {
            Ok(0) => {
                *stream = None;
                return Ok(0);
            }
            Ok(count) => return Ok(count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(error),
        }
    }
}

fn nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
    fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
