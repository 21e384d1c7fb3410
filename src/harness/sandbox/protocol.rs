//! What dfab and the keeper say to each other: JSON in `SOCK_SEQPACKET` messages, each of bounded
//! size and arriving whole, some with a descriptor attached.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::cgroup::Seats;
use super::enforced::Facts;
use crate::harness::HarnessLimits;
use crate::harness::interpreter::LayoutEntry;

/// Largest message. A request with its layout takes a few KiB.
const MAX_MESSAGE: usize = 64 * 1024;
/// Most descriptors that come with one: a door to each hierarchy of control groups.
const MAX_ATTACHED: usize = 4;

/// One run, as far as the keeper needs to know it. The channel on which the init is told to start is attached.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    /// Absolute and without links.
    pub(super) workspace: PathBuf,
    /// Root is asked to run it, but other users could not read all of it.
    pub(super) workspace_needs_mapping: bool,
    /// What to show of the host.
    pub(super) layout: Vec<LayoutEntry>,
    pub(super) output_filename: String,
    pub(super) limits: Limits,
    /// Protections without which the harness must not start.
    pub(super) required: Vec<String>,
}

/// From dfab to the init, when the workspace is there: what to start. The doors of the control groups are
/// attached.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Start {
    /// Program and arguments.
    pub(super) argv: Vec<String>,
    /// Name and value.
    pub(super) environment: Vec<(String, String)>,
    /// Files (as seen inside) without which the harness cannot start.
    pub(super) vital: Vec<PathBuf>,
    /// What the control groups are for.
    pub(super) seats: Seats,
}

/// See [`HarnessLimits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Limits {
    pub(super) wall_millis: u64,
    pub(super) cpu_seconds: u64,
    pub(super) memory_bytes: u64,
    pub(super) tmp_bytes: u64,
    pub(super) pids: u64,
    pub(super) open_files: u64,
}

impl From<&HarnessLimits> for Limits {
    fn from(limits: &HarnessLimits) -> Self {
        Self {
            wall_millis: u64::try_from(limits.wall_time.as_millis()).unwrap_or(u64::MAX),
            cpu_seconds: limits.cpu_seconds,
            memory_bytes: limits.memory_bytes,
            tmp_bytes: limits.tmp_bytes,
            pids: limits.pids,
            open_files: limits.open_files,
        }
    }
}

/// From dfab to the keeper, after the request.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Kill the harness and report.
    Stop,
}

/// From the keeper to dfab.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Message {
    /// The init exists and waits to be told to start; a descriptor of its process is attached.
    Started,
    /// Everything of the run is dead. The output file is attached if there is a good one.
    Finished(Report),
    /// The run could not be carried out; nothing of it is alive.
    Failed(Failure),
}

/// A run as the keeper saw it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Report {
    pub(super) end: End,
    pub(super) output: Output,
    pub(super) wall_micros: u64,
    pub(super) cpu_micros: u64,
    pub(super) peak_bytes: u64,
    /// What was in force, if the harness came to start.
    pub(super) facts: Option<Facts>,
}

/// How the payload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum End {
    Exit(i32),
    Signal(i32),
    WallTime,
    CpuTime,
    Memory,
    /// On dfab's order.
    Stopped,
    /// Someone else killed the init, and so all of it.
    Lost,
}

/// What lies at the output path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Output {
    None,
    File { size: u64 },
    Bad(String),
}

/// A part of our own work that failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) part: Part,
    pub(super) path: Option<PathBuf>,
    /// What was tried, where the part alone does not say it.
    pub(super) what: String,
    pub(super) errno: Option<i32>,
}

impl Failure {
    pub(super) fn new(part: Part, what: impl Into<String>, error: impl Into<io::Error>) -> Self {
        let errno = error.into().raw_os_error();
        Self {
            part,
            path: None,
            what: what.into(),
            errno,
        }
    }

    pub(super) fn at(mut self, path: impl Into<PathBuf>) -> Self {
        self.path = Some(path.into());
        self
    }
}

/// The parts of the sandbox, as named to people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Part {
    Identity,
    Namespaces,
    UserMapping,
    HostFiles,
    WorkspaceMapping,
    PrivateRoot,
    ScratchSpace,
    Devices,
    HostName,
    Privileges,
    Limits,
    Start,
    Unreadable,
    /// A protection that was asked for is missing; `what` names it and `why` says why.
    Required {
        why: String,
    },
    Keeper,
}

impl Part {
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Identity => "unprivileged identity",
            Self::Namespaces => "namespaces",
            Self::UserMapping => "user namespace",
            Self::HostFiles => "files of the host",
            Self::WorkspaceMapping => "workspace",
            Self::PrivateRoot => "private root",
            Self::ScratchSpace => "private /tmp",
            Self::Devices => "private /dev",
            Self::HostName => "host name",
            Self::Privileges => "dropping of privileges",
            Self::Limits => "resource limits",
            Self::Start => "start of the interpreter",
            Self::Unreadable => "a file the harness needs",
            Self::Required { .. } => "a required protection",
            Self::Keeper => "keeper process",
        }
    }
}

/// Both ends of a channel, closed on exec.
pub(super) fn channel() -> io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC;
    Ok(rustix::net::socketpair(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        flags,
        None,
    )?)
}

/// Sends one message, without raising SIGPIPE when nobody is there.
pub(super) fn send<T: Serialize>(
    channel: BorrowedFd<'_>,
    message: &T,
    attached: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let bytes = serde_json::to_vec(message).map_err(io::Error::other)?;
    if bytes.len() > MAX_MESSAGE {
        return Err(io::Error::other(format!(
            "message of {} bytes is too long",
            bytes.len()
        )));
    }
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_ATTACHED))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if attached.len() > MAX_ATTACHED {
        return Err(io::Error::other("too many descriptors"));
    }
    if !attached.is_empty() {
        control.push(SendAncillaryMessage::ScmRights(attached));
    }
    let sent = rustix::io::retry_on_intr(|| {
        rustix::net::sendmsg(
            channel,
            &[IoSlice::new(&bytes)],
            &mut control,
            SendFlags::NOSIGNAL,
        )
    })?;
    if sent == bytes.len() {
        Ok(())
    } else {
        Err(io::Error::other("message was cut"))
    }
}

/// Receives one message; `None` when the other side is gone.
pub(super) fn receive<T: DeserializeOwned>(
    channel: BorrowedFd<'_>,
) -> io::Result<Option<(T, Vec<OwnedFd>)>> {
    let Some(length) = next_length(channel)? else {
        return Ok(None);
    };
    let mut bytes = vec![0; length.min(MAX_MESSAGE)];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_ATTACHED))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received = after_a_reset(|| {
        let mut parts = [IoSliceMut::new(&mut bytes)];
        rustix::net::recvmsg(channel, &mut parts, &mut control, RecvFlags::CMSG_CLOEXEC)
    })?;
    let mut attached = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            attached.extend(fds);
        }
    }
    if received
        .flags
        .intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC)
    {
        return Err(io::Error::other("message is too long"));
    }
    let message = serde_json::from_slice(&bytes[..received.bytes]).map_err(io::Error::other)?;
    Ok(Some((message, attached)))
}

/// Waits for a message and tells its length; `None` when the other side is gone.
fn next_length(channel: BorrowedFd<'_>) -> io::Result<Option<usize>> {
    let peeked = after_a_reset(|| {
        let nothing: &mut [u8] = &mut [];
        rustix::net::recv(channel, nothing, RecvFlags::PEEK | RecvFlags::TRUNC)
    });
    match peeked {
        Err(rustix::io::Errno::CONNRESET) | Ok((_, 0)) => Ok(None),
        other => Ok(Some(other?.1)),
    }
}

/// Receives. Where the other end closed with something of ours unread, the kernel says so once, before the last
/// messages, which are still there.
fn after_a_reset<T>(mut receive: impl FnMut() -> rustix::io::Result<T>) -> rustix::io::Result<T> {
    match rustix::io::retry_on_intr(&mut receive) {
        Err(rustix::io::Errno::CONNRESET) => rustix::io::retry_on_intr(receive),
        other => other,
    }
}

/// Whether the other side is gone, without waiting.
pub(super) fn hung_up(channel: impl AsFd) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    let mut fds = [PollFd::new(channel.as_fd(), PollFlags::empty())];
    let _ = poll(&mut fds, PollTimeout::ZERO);
    fds[0]
        .revents()
        .is_some_and(|events| events.intersects(PollFlags::POLLHUP | PollFlags::POLLERR))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_message_arrives_although_an_order_to_its_sender_was_never_read() {
        let (ours, theirs) = channel().unwrap();
        send(ours.as_fd(), &Order::Stop, &[]).unwrap();
        send(theirs.as_fd(), &Message::Started, &[]).unwrap();
        drop(theirs);
        let last = receive::<Message>(ours.as_fd()).unwrap();
        assert!(matches!(last, Some((Message::Started, none)) if none.is_empty()));
        assert!(receive::<Message>(ours.as_fd()).unwrap().is_none());
    }

    #[test]
    fn descriptors_arrive_in_order_and_no_more_than_fit() {
        let (ours, theirs) = channel().unwrap();
        let (first, second) = (tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap());
        std::io::Write::write_all(&mut &second, b"second").unwrap();
        send(ours.as_fd(), &Order::Stop, &[first.as_fd(), second.as_fd()]).unwrap();
        let (_, attached) = receive::<Order>(theirs.as_fd()).unwrap().unwrap();
        let sizes: Vec<i64> = attached
            .iter()
            .map(|fd| rustix::fs::fstat(fd).unwrap().st_size)
            .collect();
        assert_eq!(sizes, [0, 6]);
        let many = [first.as_fd(); MAX_ATTACHED + 1];
        assert!(send(ours.as_fd(), &Order::Stop, &many).is_err());
    }
}
