use super::*;
use crate::similarity::{Located, LocatedPackage};

fn located(source: &str) -> LocatedPackage {
    LocatedPackage {
        files: vec!["lib/é.py".to_owned()],
        located: Located::of_trees(&[&crate::python::parse(source).unwrap()]),
    }
}

fn keep(store: &mut Store, id: &str, package: &LocatedPackage) {
    record(store, &row(id, "5A", 0.6)).unwrap();
    store
        .replace_fingerprint(id, Fingerprint::Located(package))
        .unwrap();
}

#[test]
fn lines_come_back_with_their_structure_and_stay_when_it_is_stored_again() {
    let place = place();
    let mut store = place.open();
    let package = located("x = 1\n\n\ndef f(a):\n    return a\n");
    keep(&mut store, "a", &package);
    let found = |store: &Store| store.located("a", package.sequence()).unwrap();
    assert_eq!(found(&store).as_ref(), Some(&package));
    let again = Fingerprint::Sequence(package.sequence());
    store.replace_fingerprint("a", again).unwrap();
    assert_eq!(found(&store).as_ref(), Some(&package));
    let read = Store::open_read_only(&place.path).unwrap();
    assert_eq!(found(&read).as_ref(), Some(&package));
    assert_eq!(store.located("b", package.sequence()).unwrap(), None);
}

#[test]
fn lines_that_do_not_fit_are_left_out_and_the_structure_is_believed_all_the_same() {
    let damages = [
        "lines = NULL",
        "lines = 'text'",
        "lines = x'64666c6e01'",
        "lines = CAST(replace(lines, 'lib', 'bil') AS BLOB)",
        "lines_digest = NULL",
        "lines_digest = 7",
        "(lines, lines_digest) = (SELECT lines, lines_digest FROM fingerprints WHERE submission_id = 'other')",
    ];
    for damage in damages {
        let place = place();
        let mut store = place.open();
        let package = located("x = 1\ny = 2\n");
        keep(&mut store, "a", &package);
        keep(&mut store, "other", &package);
        let sql = format!("UPDATE fingerprints SET {damage} WHERE submission_id = 'a'");
        assert_eq!(place.raw().execute(&sql, []).unwrap(), 1);
        assert_eq!(
            store.located("a", package.sequence()).unwrap(),
            None,
            "{damage}"
        );
        let sequence = store.sequence_of("a").unwrap();
        assert_eq!(sequence.as_ref(), Some(package.sequence()), "{damage}");
    }
}

#[test]
fn lines_of_an_earlier_structure_are_not_those_of_the_next() {
    let place = place();
    let mut store = place.open();
    keep(&mut store, "a", &located("x = 1\n"));
    let next = sequence("x = 2\n\ny = 3\n");
    store
        .replace_fingerprint("a", Fingerprint::Sequence(&next))
        .unwrap();
    assert_eq!(store.located("a", &next).unwrap(), None);
}

#[test]
fn a_file_from_before_there_were_lines_has_none() {
    let place = place();
    let mut store = place.open();
    let package = located("x = 1\n");
    keep(&mut store, "a", &package);
    drop(store);
    let raw = place.raw();
    raw.execute_batch(
        "ALTER TABLE fingerprints DROP COLUMN lines;
         ALTER TABLE fingerprints DROP COLUMN lines_digest;
         DELETE FROM dfab_schema WHERE version = 5;",
    )
    .unwrap();
    let found = |store: &Store| store.located("a", package.sequence()).unwrap();
    let read = Store::open_read_only(&place.path).unwrap();
    assert_eq!(found(&read), None);
    drop(read);
    let mut store = place.open();
    assert_eq!(found(&store), None);
    let again = Fingerprint::Located(&package);
    store.replace_fingerprint("a", again).unwrap();
    assert_eq!(found(&store), Some(package.clone()));
}
