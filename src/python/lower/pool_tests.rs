use super::*;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The pool of this thread, open or not.
fn is_open() -> bool {
    POOL.with(|pool| pool.is_open.get())
}

fn is_pooled(block: *mut c_void) -> bool {
    POOL.with(|pool| pool.offset_of(block.cast()).is_some())
}

/// Runs `work` in a scope; nothing of tree-sitter's is made in these tests but where they say so.
fn in_scope<R>(work: impl FnOnce(&Scope) -> R) -> R {
    // SAFETY: the tests free or forget in the scope what they take in it.
    unsafe { scope(work) }
}

fn filled(size: usize, with: u8) -> *mut c_void {
    // SAFETY: any size may be asked for, and what is given has that size.
    unsafe {
        let block = take(size);
        block.cast::<u8>().write_bytes(with, size);
        block
    }
}

fn bytes<'a>(block: *mut c_void, size: usize) -> &'a [u8] {
    // SAFETY: the tests ask for blocks they have, of at least this size, and write before they read.
    unsafe { std::slice::from_raw_parts(block.cast(), size) }
}

#[test]
fn classes_hold_what_they_are_for() {
    let sizes = (0..3000).chain([1 << 16, (1 << 20) - 8, 1 << 20, LARGEST]);
    for size in sizes {
        let class = class_of(size);
        assert!(class < CLASSES, "{size}");
        let block = block_bytes(class);
        assert!(
            block >= size + HEADER && block.is_multiple_of(ALIGN),
            "{size}"
        );
        assert!(
            class == 1 || block_bytes(class - 1) < size + HEADER,
            "{size}"
        );
    }
}

#[test]
fn blocks_are_aligned_and_apart() {
    in_scope(|_| {
        let sizes = (0..2000_usize).chain([5000, 100_000, 1 << 20]);
        let blocks: Vec<(*mut c_void, usize, u8)> = sizes
            .enumerate()
            .map(|(index, size)| (filled(size, index as u8), size, index as u8))
            .collect();
        for (block, size, with) in &blocks {
            assert!(is_pooled(*block) && block.addr().is_multiple_of(ALIGN));
            assert!(bytes(*block, *size).iter().all(|byte| byte == with));
        }
    });
}

#[test]
fn zeroed_blocks_are_zero_where_others_have_been() {
    in_scope(|_| {
        let used = filled(200, 0xff);
        // SAFETY: each block was given out just before and is not used after it is put back.
        unsafe {
            put_back(used);
            let zeroed = take_zeroed(50, 4);
            assert_eq!(zeroed, used);
            assert!(bytes(zeroed, 200).iter().all(|byte| *byte == 0));
            assert!(!take_zeroed(0, 8).is_null() && !take_zeroed(8, 0).is_null());
        }
    });
}

#[test]
fn growing_keeps_what_was_there() {
    in_scope(|scope| {
        let mut block = filled(1, 7);
        let mut size = 1;
        while size < LARGEST / 4 {
            // SAFETY: the block is this one's own, and replaced by what comes back.
            block = unsafe { resize(block, size * 2) };
            assert!(bytes(block, size).iter().all(|byte| *byte == 7), "{size}");
            size *= 2;
            // SAFETY: of this size now.
            unsafe { block.cast::<u8>().write_bytes(7, size) };
        }
        assert!(scope.holds_everything());
        // SAFETY: as before; what the region has no room for comes from C, and goes back there.
        unsafe {
            let moved = resize(block, LARGEST + 1);
            assert!(!is_pooled(moved) && bytes(moved, size).iter().all(|byte| *byte == 7));
            assert!(!scope.holds_everything());
            put_back(moved);
        }
    });
}

#[test]
fn nothing_and_zero_bytes_are_answered_as_by_c() {
    let check = || {
        // SAFETY: null may be resized and freed; the others are freed once.
        unsafe {
            put_back(null_mut());
            let grown = resize(null_mut(), 24);
            let empty = take(0);
            assert!(!grown.is_null() && !empty.is_null() && grown != empty);
            let kept = resize(empty, 0);
            assert!(!kept.is_null());
            put_back(kept);
            put_back(grown);
        }
    };
    check();
    in_scope(|_| check());
}

#[test]
fn blocks_that_come_back_are_given_again() {
    in_scope(|_| {
        let first = filled(100, 1);
        for round in 0..1_000_000_u32 {
            // SAFETY: put back once, and taken again.
            unsafe { put_back(first) };
            assert_eq!(filled(100, round as u8), first);
        }
    });
}

#[test]
fn outside_a_scope_blocks_are_c_s() {
    let before = filled(64, 3);
    assert!(!is_pooled(before));
    let grown = in_scope(|scope| {
        // SAFETY: the block from outside is resized in here, and freed after.
        let grown = unsafe { resize(before, 4000) };
        assert!(scope.holds_everything() && !is_pooled(grown));
        grown
    });
    assert!(bytes(grown, 64).iter().all(|byte| *byte == 3));
    // SAFETY: its only free.
    unsafe { put_back(grown) };
}

#[test]
fn a_scope_inside_another_is_part_of_it() {
    in_scope(|outer| {
        let block = in_scope(|inner| {
            assert!(inner.holds_everything());
            filled(40, 9)
        });
        assert!(is_open() && outer.holds_everything());
        assert!(filled(40, 1) != block && bytes(block, 40).iter().all(|byte| *byte == 9));
    });
    assert!(!is_open());
}

#[test]
fn a_panic_ends_the_scope() {
    let caught = catch_unwind(AssertUnwindSafe(|| {
        in_scope(|_| {
            filled(100, 1);
            panic!("on purpose");
        })
    }));
    assert!(caught.is_err() && !is_open());
    let after = filled(100, 1);
    assert!(!is_pooled(after));
    // SAFETY: its only free.
    unsafe { put_back(after) };
    in_scope(|scope| assert!(is_pooled(filled(100, 2)) && scope.holds_everything()));
}

#[test]
fn every_scope_begins_with_an_empty_region() {
    let first = in_scope(|_| filled(32, 1).addr());
    let again = in_scope(|_| filled(32, 2).addr());
    assert_eq!(first, again);
    assert_eq!(
        POOL.with(|pool| pool.next.get()),
        ALIGN - HEADER + block_bytes(class_of(32))
    );
}

#[test]
fn memory_goes_back_after_a_large_source() {
    in_scope(|_| filled(100, 1));
    assert!(!POOL.with(|pool| pool.base.get()).is_null());
    in_scope(|_| filled(KEPT_BYTES, 1));
    assert!(POOL.with(|pool| pool.base.get()).is_null());
}

#[test]
fn a_full_region_passes_on() {
    in_scope(|scope| {
        let mut blocks = Vec::new();
        while scope.holds_everything() {
            // SAFETY: any size may be asked for.
            blocks.push(unsafe { take(LARGEST / 8) });
        }
        assert!(blocks.iter().filter(|block| !is_pooled(**block)).count() == 1);
        for block in blocks {
            // SAFETY: each once.
            unsafe { put_back(block) };
        }
    });
}

#[test]
fn threads_have_regions_of_their_own_and_give_them_back() {
    let virtual_kib = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmSize:"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number
            .and_then(|number| number.parse::<usize>().ok())
            .unwrap_or(0)
    };
    let before = virtual_kib();
    for _ in 0..100 {
        let thread = std::thread::spawn(|| {
            let block = filled(10, 1);
            assert!(!is_pooled(block));
            in_scope(|_| assert!(is_pooled(filled(10, 1))));
            // SAFETY: its only free.
            unsafe { put_back(block) };
        });
        thread
            .join()
            .expect("the thread checks only what it was given");
    }
    // Other tests have regions too, but not as many as these threads had.
    assert!(virtual_kib() < before + 50 * (REGION_BYTES >> 10));
}

#[test]
fn trees_made_outside_outlive_scopes() {
    install();
    let parse = || {
        let mut parser = tree_sitter::Parser::new();
        let language = tree_sitter_python::LANGUAGE.into();
        parser
            .set_language(&language)
            .expect("the grammar fits the library");
        parser
            .parse("def f(x):\n    return [x, 1]\n", None)
            .expect("a short source")
    };
    let tree = parse();
    let shape = tree.root_node().to_sexp();
    for _ in 0..3 {
        in_scope(|scope| {
            let inner = parse();
            assert_eq!(inner.root_node().to_sexp(), shape);
            assert!(scope.holds_everything());
        });
    }
    let elsewhere = std::thread::spawn(move || tree.root_node().to_sexp());
    assert_eq!(elsewhere.join().expect("only reads"), shape);
}

/// Asked for more than there can be, C's functions end the process, and so do these.
#[test]
fn impossible_sizes_end_the_process() {
    const NAME: &str = "python::lower::pool::tests::impossible_sizes_end_the_process";
    if std::env::var_os("DFAB_TEST_ASKS_TOO_MUCH").is_some() {
        // SAFETY: any sizes may be asked for.
        in_scope(|_| unsafe { take_zeroed(usize::MAX / 2, 3) });
        unreachable!("there is no such block");
    }
    let program = std::env::current_exe().expect("a test has a program");
    let output = std::process::Command::new(program)
        .args(["--exact", NAME, "--nocapture"])
        .env("DFAB_TEST_ASKS_TOO_MUCH", "1")
        .output()
        .expect("the test's own program runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("out of memory"),
        "{said}"
    );
}
