//! Numbers of groups and of words, in as few bytes as will do: counting is quickest where they lie close.

/// A number of a group, with a mark or without, or of common words.
pub(super) trait Number: Copy + Default + Send + Sync {
    /// Numbers of groups are below this: the bit marks one.
    const MARK: u32;
    /// Counts are up to this.
    const MOST: usize;

    fn new(number: u32) -> Self;
    fn get(self) -> u32;

    /// Adds to a count.
    fn add(&mut self, number: u32) {
        *self = Self::new(self.get() + number);
    }
}

impl Number for u16 {
    const MARK: u32 = 1 << 15;
    const MOST: usize = u16::MAX as usize;

    fn new(number: u32) -> u16 {
        number as u16
    }

    fn get(self) -> u32 {
        u32::from(self)
    }
}

impl Number for u32 {
    const MARK: u32 = 1 << 31;
    const MOST: usize = u32::MAX as usize;

    fn new(number: u32) -> u32 {
        number
    }

    fn get(self) -> u32 {
        self
    }
}
