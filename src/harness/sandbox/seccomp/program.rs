//! Classic BPF, as far as the filters use it, put together while the program is compiled.

use nix::libc::{self, sock_filter};

/// More than enough; the unused end is cut off.
pub(super) const CAPACITY: usize = 512;
/// Whether any of some bits is set.
pub(super) const ANY: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
const NOTHING: sock_filter = sock_filter {
    code: 0,
    jt: 0,
    jf: 0,
    k: 0,
};

/// A program under construction.
pub(super) struct Program {
    pub(super) code: [sock_filter; CAPACITY],
    pub(super) length: usize,
}

impl Program {
    pub(super) const fn empty() -> Self {
        Self {
            code: [NOTHING; CAPACITY],
            length: 0,
        }
    }

    pub(super) fn code(&self) -> &[sock_filter] {
        &self.code[..self.length]
    }

    pub(super) const fn push(&mut self, code: u32, yes: u8, no: u8, value: u32) {
        #[allow(clippy::cast_possible_truncation)] // classic BPF codes have 16 bits
        let code = code as u16;
        self.code[self.length] = sock_filter {
            code,
            jt: yes,
            jf: no,
            k: value,
        };
        self.length += 1;
    }

    /// How far a conditional jump leads from this place to what comes next.
    pub(super) const fn since(&self, at: usize) -> u8 {
        let skip = self.length - at - 1;
        assert!(skip <= u8::MAX as usize);
        #[allow(clippy::cast_possible_truncation)] // just asserted
        let skip = skip as u8;
        skip
    }

    pub(super) const fn load(&mut self, at: u32) {
        self.push(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, at);
    }

    /// Goes on with the next instruction if equal, else jumps over `skip`.
    pub(super) const fn if_equal(&mut self, value: u32, skip: u8) {
        self.push(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, skip, value);
    }

    /// Goes on with the next instruction if not below, else jumps over `skip`.
    pub(super) const fn if_at_least(&mut self, value: u32, skip: u8) {
        self.push(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, skip, value);
    }

    /// Goes on with the next instruction if any of these bits is set, else jumps over `skip`.
    pub(super) const fn if_any(&mut self, bits: u32, skip: u8) {
        self.push(ANY, 0, skip, bits);
    }

    pub(super) const fn answer(&mut self, answer: u32) {
        self.push(libc::BPF_RET | libc::BPF_K, 0, 0, answer);
    }

    pub(super) const fn answer_if_equal(&mut self, value: u32, answer: u32) {
        self.if_equal(value, 1);
        self.answer(answer);
    }

    pub(super) const fn answer_if_one_of(&mut self, values: &[u32], answer: u32) {
        let mut index = 0;
        while index < values.len() {
            self.answer_if_equal(values[index], answer);
            index += 1;
        }
    }

    /// Both ends belong to it.
    pub(super) const fn answer_if_between(&mut self, ends: [i32; 2], answer: u32) {
        let [first, last] = ends;
        assert!(0 <= first && first <= last);
        self.if_at_least(first.cast_unsigned(), 2);
        self.push(
            libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K,
            1,
            0,
            last.cast_unsigned() + 1,
        );
        self.answer(answer);
    }

    /// What follows is where `jump` leads.
    pub(super) const fn land(&mut self, jump: usize) {
        let distance = self.length - jump - 1;
        #[allow(clippy::cast_possible_truncation)]
        // the whole program has a few hundred instructions
        let distance = distance as u32;
        self.code[jump].k = distance;
    }
}
