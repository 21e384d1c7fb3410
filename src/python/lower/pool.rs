//! Memory for tree-sitter's C core: a region of the thread's own while one source is read.
//!
//! tree-sitter takes and gives back hundreds of thousands of small blocks for a file, and a tenth of its time goes
//! into that; freeing the finished tree is a walk over all of it. Inside [`scope`] the blocks of this
//! thread come from one region instead, which is emptied whole at the end, so that nobody has to free a tree.
//!
//! tree-sitter has one allocator for the whole process, set once. Outside a scope, in other threads, and where
//! the region is full, this one passes everything on to C's `malloc`, which tree-sitter would have used without it;
//! blocks from before it was set are C's as well and go back there.
//!
//! A block of the region begins with a word that holds its class; what follows is what tree-sitter gets.
//! Blocks that are given back wait in a list of their class, last in first out. What is in the region is told from what
//! is not by the address alone.
#![allow(unsafe_code)] // an allocator for C; each use is argued where it stands

use nix::libc;
use std::alloc::{Layout, alloc, dealloc};
use std::cell::Cell;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ptr::null_mut;
use std::sync::Once;

/// Addresses a region has; only the pages that are touched become memory. The most that one source takes: as
/// many tokens as are confirmed, and half a kilobyte for each.
const REGION_BYTES: usize = 128 << 20;

/// Memory of a region that is kept for the next source. Beyond it the region goes back to the system: one
/// large file shall not occupy a thread for good.
const KEPT_BYTES: usize = 16 << 20;

/// What C's `malloc` aligns to, and tree-sitter relies on.
const ALIGN: usize = 16;

/// The word before each block.
const HEADER: usize = size_of::<usize>();

/// Largest block of the classes that grow by [`ALIGN`], header included; the others are powers of two.
const LARGEST_SMALL: usize = 1024;
const SMALL_CLASSES: usize = LARGEST_SMALL / ALIGN + 1;
const CLASSES: usize = SMALL_CLASSES + (REGION_BYTES / LARGEST_SMALL).ilog2() as usize;

/// Largest number of bytes that can be asked of a region.
const LARGEST: usize = REGION_BYTES / 2;

/// The class of blocks that hold `size` bytes, at most [`LARGEST`].
fn class_of(size: usize) -> usize {
    let block = (size + HEADER).next_multiple_of(ALIGN);
    if block <= LARGEST_SMALL {
        block / ALIGN
    } else {
        let doublings = block.next_power_of_two().ilog2() - LARGEST_SMALL.ilog2();
        SMALL_CLASSES - 1 + doublings as usize
    }
}

/// Size of the blocks of a class, header included.
fn block_bytes(class: usize) -> usize {
    if class < SMALL_CLASSES {
        class * ALIGN
    } else {
        LARGEST_SMALL << (class + 1 - SMALL_CLASSES)
    }
}

/// The region of a thread, and what of it is in use.
struct Pool {
    /// First byte, aligned to [`ALIGN`]; null without a region.
    base: Cell<*mut u8>,
    is_open: Cell<bool>,
    /// Something was asked for in this scope that the region did not give.
    has_spilled: Cell<bool>,
    /// Offset of the next header. [`HEADER`] less than a multiple of [`ALIGN`], so that the bytes after it are aligned.
    next: Cell<usize>,
    /// Offset of the first block that waits, of each class; 0 for none. The block's first word is the next one's.
    waiting: [Cell<usize>; CLASSES],
}

thread_local! {
    // Without a destructor, so that it is there as long as the thread runs any code at all.
    static POOL: Pool = const {
        Pool {
            base: Cell::new(null_mut()),
            is_open: Cell::new(false),
            has_spilled: Cell::new(false),
            next: Cell::new(0),
            waiting: [const { Cell::new(0) }; CLASSES],
        }
    };
    /// Gives the region back when the thread ends.
    static REGION: Region = const { Region };
}

struct Region;

impl Drop for Region {
    fn drop(&mut self) {
        POOL.with(Pool::give_back);
    }
}

const LAYOUT: Layout = match Layout::from_size_align(REGION_BYTES, ALIGN) {
    Ok(layout) => layout,
    Err(_) => panic!("a region is far smaller than the address space"),
};

impl Pool {
    /// Opens the pool, with a region if there can be one. False if it is open already.
    fn open(&self) -> bool {
        if self.is_open.get() {
            return false;
        }
        // Where the thread is ending, nobody would give a region back, so none is taken.
        let may_have_region = REGION.try_with(|_| ()).is_ok();
        if self.base.get().is_null() && may_have_region {
            // SAFETY: the layout's size is not zero. A null result stands for having no region.
            self.base.set(unsafe { alloc(LAYOUT) });
        }
        self.next.set(ALIGN - HEADER);
        self.waiting.iter().for_each(|first| first.set(0));
        self.has_spilled.set(self.base.get().is_null());
        self.is_open.set(!self.base.get().is_null());
        self.is_open.get()
    }

    /// Empties the region; what was in it is no more.
    fn close(&self) {
        self.is_open.set(false);
        if self.next.get() > KEPT_BYTES {
            self.give_back();
        }
    }

    fn give_back(&self) {
        let base = self.base.replace(null_mut());
        if !base.is_null() {
            self.is_open.set(false);
            // SAFETY: `base` came from `alloc` with this layout, and was taken out of its only place just now.
            // Nothing refers into the region: `scope`'s caller has promised so.
            unsafe { dealloc(base, LAYOUT) };
        }
    }

    /// A block with room for `size` bytes; null if the region has none.
    fn take(&self, size: usize) -> *mut u8 {
        if !self.is_open.get() {
            return null_mut();
        }
        if size > LARGEST {
            self.has_spilled.set(true);
            return null_mut();
        }
        let class = class_of(size);
        let waiting = &self.waiting[class];
        let first = waiting.get();
        if first != 0 {
            // SAFETY: `first` was put there by `put_back`, so it is the offset of a block of this class in the region,
            // in nobody's hands, aligned for a word and with the next offset written in its first.
            unsafe {
                let block = self.base.get().add(first);
                waiting.set(block.cast::<usize>().read());
                return block;
            }
        }
        let header = self.next.get();
        let after = header + block_bytes(class);
        if after > REGION_BYTES {
            self.has_spilled.set(true);
            return null_mut();
        }
        self.next.set(after);
        // SAFETY: the bytes from `header` to `after` are inside the region and in nobody's hands, as `next` was not beyond
        // them. `header` is a multiple of 8, as `base`, `ALIGN` and every block are, so the word is aligned; what
        // follows it is at a multiple of `ALIGN`.
        unsafe {
            let block = self.base.get().add(header);
            block.cast::<usize>().write(class);
            block.add(HEADER)
        }
    }

    /// The offset of a block, if it is in the region.
    fn offset_of(&self, block: *mut u8) -> Option<usize> {
        let base = self.base.get();
        let offset = block.addr().wrapping_sub(base.addr());
        (offset < REGION_BYTES && !base.is_null()).then_some(offset)
    }

    /// The class of a block that is in the region.
    ///
    /// # Safety
    /// `take` gave out the block in the scope that is open, and it was not put back since.
    unsafe fn class_at(&self, offset: usize) -> usize {
        // SAFETY: the word before such a block is in the region, aligned, and was written by `take`.
        unsafe { self.base.get().add(offset - HEADER).cast::<usize>().read() }
    }

    /// Takes a block back.
    ///
    /// # Safety
    /// As of [`Pool::class_at`]; and the block is not used any more.
    unsafe fn put_back(&self, offset: usize) {
        if !self.is_open.get() {
            return;
        }
        // SAFETY: as the caller promises. The first word is inside the block, whose bytes after the header are
        // at least a word in every class, and aligned.
        unsafe {
            let waiting = &self.waiting[self.class_at(offset)];
            let block = self.base.get().add(offset).cast::<usize>();
            block.write(waiting.get());
            waiting.set(offset);
        }
    }
}

/// What [`scope`] lends to what runs in it.
pub(super) struct Scope(PhantomData<*const ()>); // of one thread

impl Scope {
    /// Whether all that tree-sitter has taken since the scope began goes with it, so that nothing is lost if it is
    /// not freed.
    pub(super) fn holds_everything(&self) -> bool {
        POOL.with(|pool| pool.is_open.get() && !pool.has_spilled.get())
    }
}

/// Runs `work` with a region for what tree-sitter takes in this thread. A scope inside another is part of
/// it, if that one has a region.
///
/// # Safety
/// Of the things tree-sitter makes while `work` runs in this thread, none is used or dropped after it, here or in another
/// thread; and none that was made before is changed in it.
pub(super) unsafe fn scope<R>(work: impl FnOnce(&Scope) -> R) -> R {
    install();
    struct Closing(bool);
    impl Drop for Closing {
        // Also when `work` panics.
        fn drop(&mut self) {
            if self.0 {
                POOL.with(Pool::close);
            }
        }
    }
    let _closing = Closing(POOL.with(Pool::open));
    work(&Scope(PhantomData))
}

/// Makes tree-sitter use the functions below, once for the process.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let allocator = tree_sitter::Allocator {
            malloc: take,
            calloc: take_zeroed,
            realloc: resize,
            free: put_back,
        };
        // SAFETY: the four belong together, never return null (they abort), and align as C's do. dfab makes things of
        // tree-sitter's only inside a scope, thus after this, and `call_once` lets no other thread into a scope
        // before it is done. What another part of the program may have made before with tree-sitter's default functions
        // is C's, and is handed to C's when it is resized or freed.
        unsafe { tree_sitter::set_allocator(Some(allocator)) };
    });
}

/// A process without memory for a syntax tree cannot go on; tree-sitter has no way to say so.
fn or_abort(block: *mut c_void) -> *mut c_void {
    if block.is_null() {
        eprintln!("dfab: out of memory");
        std::process::abort();
    }
    block
}

unsafe extern "C" fn take(size: usize) -> *mut c_void {
    let block = POOL.with(|pool| pool.take(size)).cast::<c_void>();
    if !block.is_null() {
        return block;
    }
    // SAFETY: `malloc` may be asked for any size.
    or_abort(unsafe { libc::malloc(size.max(1)) })
}

unsafe extern "C" fn take_zeroed(count: usize, size: usize) -> *mut c_void {
    let bytes = count.checked_mul(size);
    let block = bytes.map_or(null_mut(), |bytes| POOL.with(|pool| pool.take(bytes)));
    if let Some(bytes) = bytes.filter(|_| !block.is_null()) {
        // SAFETY: `take` has given out at least `bytes` bytes. They may hold what was there before.
        unsafe { block.write_bytes(0, bytes) };
        return block.cast();
    }
    // SAFETY: `calloc` may be asked for any sizes, and refuses those whose product is too large.
    or_abort(unsafe { libc::calloc(count.max(1), size.max(1)) })
}

/// # Safety
/// As of C's `realloc`.
unsafe extern "C" fn resize(block: *mut c_void, size: usize) -> *mut c_void {
    let old = block.cast::<u8>();
    POOL.with(|pool| {
        let Some(offset) = pool.offset_of(old) else {
            if block.is_null() {
                // SAFETY: as of `take`, which may be asked for any size.
                return unsafe { take(size) };
            }
            // SAFETY: the block is none of the region's, so it came from C; the caller has the right to resize it.
            return or_abort(unsafe { libc::realloc(block, size.max(1)) });
        };
        // SAFETY: what is in the region came from `take` in the scope that is open, as `scope`'s caller promises, and the
        // caller still has it.
        let room = block_bytes(unsafe { pool.class_at(offset) }) - HEADER;
        if size <= room {
            return block;
        }
        // SAFETY: `take` may be asked for any size. The new block has at least `size > room` bytes, the old one `room`, and they
        // are different blocks; after the copy the old one is given up, as `realloc` says.
        unsafe {
            let new = take(size);
            new.cast::<u8>().copy_from_nonoverlapping(old, room);
            pool.put_back(offset);
            new
        }
    })
}

/// # Safety
/// As of C's `free`.
unsafe extern "C" fn put_back(block: *mut c_void) {
    POOL.with(|pool| match pool.offset_of(block.cast()) {
        // SAFETY: what is in the region came from `take` in the scope that is open, as `scope`'s caller promises, and the caller
        // gives it up.
        Some(offset) => unsafe { pool.put_back(offset) },
        // SAFETY: the block is none of the region's, so it came from C, or is null, which C ignores.
        None => unsafe { libc::free(block) },
    });
}

#[cfg(test)]
#[path = "pool_tests.rs"]
mod tests;
