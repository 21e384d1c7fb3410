//! The keeper's watch over one run: the clock, the limits, what the init says, and how it ended.

use std::cell::Cell;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::enforced::Facts;
use super::init::Word;
use super::keeper::{Run, keeper_failure};
use super::outer::Outer;
use super::protocol::{End, Failure, Request};
use super::sys::Reaped;
use super::usage::Usage;
use super::world::Scratch;
use super::{exact, usage};

/// Time from the start of the harness to the first look at what the group uses. Many are at their end by then.
const FIRST_LOOK: Duration = Duration::from_millis(12);
/// Usual time between two looks where nobody else limits the memory, and where only processor time is of interest.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOK_AT_TIME_EVERY: Duration = Duration::from_millis(50);
/// The same once it uses a good part of its memory: a program can touch a GiB in a few of these.
const LOOK_CLOSELY_EVERY: Duration = Duration::from_millis(5);
/// That part, as a divisor of the limit.
const GOOD_PART: u64 = 8;
/// A look may cost this share of the time between looks.
const LOOK_SHARE: u32 = 20;
/// But however much the harness makes it cost, it is not left alone for longer than this, or than the look took.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
/// Time between two exact looks, while all is well.
const LOOK_EXACTLY_EVERY: Duration = Duration::from_millis(25);
/// Time that one may take, then: nothing but the peak depends on it.
const EXACT_PATIENCE: Duration = Duration::from_millis(100);
/// Most bytes of words from the init.
const MAX_WORDS: usize = 64 * 1024;
/// Why we ended the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    WallTime,
    CpuTime,
    Memory,
    Stopped,
}

/// What woke the keeper.
struct Events {
    /// The init is dead or dying.
    died: bool,
    /// dfab has one order to give, to stop; that dfab is gone is the same.
    ordered: bool,
    /// The init has something to tell.
    said: bool,
}

/// Follows one run against its limits.
pub(super) struct Watch<'a> {
    request: &'a Request,
    scratch: &'a Scratch,
    outer: Outer,
    words: std::fs::File,
    heard: Vec<u8>,
    facts: Option<Facts>,
    ended: Option<i32>,
    failed: Option<Failure>,
    /// When the harness was about to start.
    started: Option<Instant>,
    ended_at: Option<Instant>,
    next_look: Instant,
    next_exact_look: Instant,
    pub(super) cpu_micros: u64,
    seen_peak_bytes: u64,
    /// Most of what counted more than once in the resident set of one process.
    repeated_bytes: u64,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        request: &'a Request,
        scratch: &'a Scratch,
        outer: Outer,
        words: OwnedFd,
    ) -> Self {
        let now = Instant::now();
        Self {
            request,
            scratch,
            outer,
            words: words.into(),
            heard: Vec::new(),
            facts: None,
            ended: None,
            failed: None,
            started: None,
            ended_at: None,
            // Nothing is to be seen before the harness starts.
            next_look: now + LOOK_AT_TIME_EVERY,
            next_exact_look: now,
            cpu_micros: 0,
            seen_peak_bytes: 0,
            repeated_bytes: 0,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let limit = Duration::from_millis(self.request.limits.wall_millis);
        self.started?.checked_add(limit)
    }

    /// How long the harness ran.
    pub(super) fn wall_micros(&self) -> u64 {
        let ran = self.started.zip(self.ended_at);
        let ran = ran.map(|(start, end)| end.saturating_duration_since(start));
        u64::try_from(ran.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
    }

    /// Returns when the init is dead or dying; why we killed it, if we did.
    pub(super) fn follow(
        &mut self,
        control: BorrowedFd<'_>,
        run: &Run,
    ) -> Result<Option<Reason>, Failure> {
        loop {
            let events = self.wait(control, run)?;
            if events.said {
                self.read_words();
            }
            if events.died {
                self.ended_at = Some(Instant::now());
                return Ok(None);
            }
            let reason = if events.ordered {
                Some(Reason::Stopped)
            } else if self
                .deadline()
                .is_some_and(|deadline| Instant::now() >= deadline)
            {
                Some(Reason::WallTime)
            } else {
                self.look(control, run)
            };
            if reason.is_some() {
                self.ended_at = Some(Instant::now());
                run.kill();
                return Ok(reason);
            }
        }
    }

    fn wait(&self, control: BorrowedFd<'_>, run: &Run) -> Result<Events, Failure> {
        let next = self
            .deadline()
            .map_or(self.next_look, |deadline| deadline.min(self.next_look));
        // A whole millisecond more, so as not to wake just before the time.
        let nap = next.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
        let mut fds = vec![
            PollFd::new(run.init.as_fd(), PollFlags::POLLIN),
            PollFd::new(control, PollFlags::POLLIN),
        ];
        // Once the harness runs, what is said is said at the end. Waking for it then would only keep the
        // init from ending.
        if self.facts.is_none() {
            fds.push(PollFd::new(self.words.as_fd(), PollFlags::POLLIN));
        }
        match poll(
            &mut fds,
            PollTimeout::try_from(nap).unwrap_or(PollTimeout::MAX),
        ) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(keeper_failure("wait for the harness", error.into())),
        }
        let event = |index: usize| fds.get(index).is_some_and(|fd| fd.any().unwrap_or(false));
        Ok(Events {
            died: event(0),
            ordered: event(1),
            said: event(2),
        })
    }

    /// Looks at what the group uses, when it is time.
    fn look(&mut self, control: BorrowedFd<'_>, run: &Run) -> Option<Reason> {
        let before = Instant::now();
        if before < self.next_look {
            return None;
        }
        let deadline = self.deadline();
        let found = self.compare(&|| {
            let mut fds = [run.init.as_fd(), control].map(|fd| PollFd::new(fd, PollFlags::POLLIN));
            let has_news = matches!(poll(&mut fds, PollTimeout::ZERO), Ok(1..));
            has_news || deadline.is_some_and(|deadline| Instant::now() >= deadline)
        });
        let cost = before.elapsed();
        let pause = if !self.is_sampled() {
            LOOK_AT_TIME_EVERY
        } else if self.seen_peak_bytes > self.request.limits.memory_bytes / GOOD_PART {
            LOOK_CLOSELY_EVERY
        } else {
            LOOK_EVERY
        };
        let most = LONGEST_PAUSE.max(cost * 2);
        self.next_look = before + pause.max((cost * LOOK_SHARE).min(most));
        found
    }

    /// Whether nobody limits the group's memory but us.
    fn is_sampled(&self) -> bool {
        let facts = self.facts.as_ref();
        facts.is_some_and(|facts| facts.seats.memory.is_err() && facts.proc.is_ok())
    }

    /// Looks at the group, and at its init's processor time, which has in it that of orphans. The init comes first: one
    /// that ends meanwhile is missed once and not counted twice.
    fn look_at_all(&self) -> Option<Usage> {
        let of_init = self.outer.init_cpu_micros();
        let mut seen = usage::look(Path::new("/proc"))?;
        seen.cpu_micros += of_init;
        Some(seen)
    }

    fn compare(&mut self, is_due: &dyn Fn() -> bool) -> Option<Reason> {
        let limits = &self.request.limits;
        // Before all is in place, /proc is still the host's.
        if self.facts.as_ref().is_none_or(|facts| facts.proc.is_err()) {
            return None;
        }
        let seen = self.look_at_all()?;
        let cpu_limit = limits.cpu_seconds.saturating_mul(1_000_000);
        let cpu_micros = seen.cpu_micros;
        self.cpu_micros = self.cpu_micros.max(cpu_micros);
        if cpu_micros > cpu_limit {
            return Some(Reason::CpuTime);
        }
        let scratch = self.scratch.used_bytes();
        let mut bytes = seen.resident_bytes + scratch;
        if !self.is_sampled() {
            // The control group knows better, and ends the run itself where it must.
            self.seen_peak_bytes = self.seen_peak_bytes.max(bytes.min(limits.memory_bytes));
            return None;
        }
        let is_over = bytes > limits.memory_bytes;
        // Pages that processes share, or that are mapped from the scratch space, were counted more than once.
        if is_over || bytes > self.seen_peak_bytes && (seen.processes > 1 || scratch > 0) {
            let before = Instant::now();
            if !is_over && before < self.next_exact_look {
                return None;
            }
            // Processes with much to look at keep others waiting, and use time meanwhile.
            let (used, last) = (Cell::new(cpu_micros), Cell::new(before));
            let stops = || {
                if last.get().elapsed() >= LOOK_AT_TIME_EVERY {
                    last.set(Instant::now());
                    let now = self.look_at_all().map_or(0, |seen| seen.cpu_micros);
                    used.set(now.max(used.get()));
                }
                used.get() > cpu_limit || is_due() || !is_over && before.elapsed() > EXACT_PATIENCE
            };
            let exact = exact::look(Path::new("/proc"), &self.outer, self.scratch, stops);
            let used = used.get();
            self.cpu_micros = self.cpu_micros.max(used);
            match exact {
                _ if used > cpu_limit => return Some(Reason::CpuTime),
                Some(exact) => {
                    bytes = exact.bytes;
                    self.repeated_bytes = self.repeated_bytes.max(exact.repeated_bytes);
                }
                None if is_due() || is_over => return None,
                // Then the cheap sum has to do.
                None => {}
            }
            self.next_exact_look = before + LOOK_EXACTLY_EVERY.max(before.elapsed() * LOOK_SHARE);
        }
        self.seen_peak_bytes = self.seen_peak_bytes.max(bytes);
        (bytes > limits.memory_bytes).then_some(Reason::Memory)
    }

    /// Takes in what the init has said so far.
    pub(super) fn read_words(&mut self) {
        let mut chunk = [0; 4096];
        while self.heard.len() < MAX_WORDS {
            match self.words.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => self.heard.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            match serde_json::from_slice(&line) {
                Ok(Word::Ready(facts)) => {
                    let now = Instant::now();
                    self.started = Some(now);
                    self.facts = Some(facts);
                    self.next_look = match self.is_sampled() {
                        true => now + FIRST_LOOK,
                        false => now + LOOK_AT_TIME_EVERY,
                    };
                }
                Ok(Word::Ended { status }) => self.ended = Some(status),
                // The first failure is the cause of others.
                Ok(Word::Failed(failure)) => self.failed = self.failed.take().or(Some(failure)),
                Err(_) => {
                    let error = io::Error::from_raw_os_error(Errno::EBADMSG as i32);
                    self.failed = Some(keeper_failure("understand the init", error));
                }
            }
        }
    }

    /// The most memory that the group was seen to use, or that one of its processes used unseen.
    pub(super) fn peak_bytes(&self, reaped: Reaped) -> u64 {
        let of_one = reaped.peak_bytes.saturating_sub(self.repeated_bytes);
        self.seen_peak_bytes.max(of_one)
    }

    /// What the run's end was. A harness that had ended by itself when we killed the rest of it
    /// keeps its own end.
    pub(super) fn end(
        &mut self,
        killed: Option<Reason>,
        reaped: Reaped,
    ) -> Result<(End, Option<Facts>), Failure> {
        if let Some(failure) = self.failed.take() {
            return Err(failure);
        }
        // Whatever became of it then, as a control group would have ended it.
        let too_much = self.peak_bytes(reaped) > self.request.limits.memory_bytes;
        let out_of_memory = self.is_sampled() && too_much;
        let limit = self.request.limits.cpu_seconds.saturating_mul(1_000_000);
        // The kernel's own limit counts whole clock ticks and so may strike early. Where the keeper watches it is
        // set so high that the real one is passed all the same.
        let watched = self.facts.as_ref().is_some_and(|facts| facts.proc.is_ok());
        let least = if watched { limit } else { limit / 2 };
        let cpu_is_spent = reaped.cpu_micros >= least;
        let end = match (self.ended, killed) {
            (Some(_), _) | (None, Some(_)) if out_of_memory => End::Memory,
            (Some(status), _) if nix::libc::WIFSIGNALED(status) => {
                let number = nix::libc::WTERMSIG(status);
                let by_limit = number == nix::libc::SIGXCPU || number == nix::libc::SIGKILL;
                if by_limit && cpu_is_spent {
                    End::CpuTime
                } else {
                    End::Signal(number)
                }
            }
            (Some(status), _) => End::Exit(nix::libc::WEXITSTATUS(status)),
            (None, Some(Reason::WallTime)) => End::WallTime,
            (None, Some(Reason::CpuTime)) => End::CpuTime,
            (None, Some(Reason::Memory)) => End::Memory,
            (None, Some(Reason::Stopped)) => End::Stopped,
            (None, None) => End::Lost,
        };
        Ok((end, self.facts.take()))
    }
}
