use super::hostile::*;
use super::*;

/// Secrets are planted on the host, and the same program looks for them outside and inside. That it finds them
/// outside is what makes this a test.
#[test]
fn what_is_planted_on_the_host_is_found_outside_and_not_inside() {
    let _ = sandbox_or_skip!();
    let place = workspace("");
    for (name, text) in [
        ("planter.py", include_str!("planter.py")),
        ("thief.py", include_str!("thief.py")),
    ] {
        fs::write(place.path().join(name), text).unwrap();
    }
    let (command, _kept) = exec();
    let mut planter = tool(&[]);
    planter
        .arg(place.path().join("planter.py"))
        .arg(place.path())
        .arg(place.path().join("thief.py"))
        .args(command);
    let output = planter.output().expect("the planter");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    eprint!("{said}");
    let seen: serde_json::Value = serde_json::from_slice(&output.stdout).expect(&said);
    let text = |side: &str, stream: &str| seen[side][stream].as_str().unwrap_or("").to_owned();
    let outside = text("outside", "stdout");
    for (kind, secret) in seen["planted"].as_object().unwrap() {
        let secret = secret.as_str().unwrap();
        assert!(
            outside.contains(secret),
            "{kind} is not found outside either:\n{outside}\n{said}"
        );
    }
    assert_eq!(seen["inside"]["code"], 0, "{seen}");
    let inside = [
        text("inside", "stdout"),
        text("inside", "stderr"),
        seen["report"].to_string(),
    ];
    assert!(inside[0].ends_with("looked everywhere\n"), "{inside:?}");
    assert!(inside[2].contains("enforced"), "{inside:?}");
    for text in inside {
        let token = seen["token"].as_str().unwrap();
        assert!(!text.contains(token) && !text.contains("CANARY"), "{text}");
    }
}

#[test]
fn an_output_that_points_at_a_host_file_does_not_bring_it_along() {
    let place = workspace("");
    let secret = place.path().join("secret");
    fs::write(&secret, "CANARY").unwrap();
    let secret = secret.to_str().unwrap();
    for how in [
        format!("os.symlink({secret:?}, path)"),
        format!("os.symlink('/proc/1/root' + {secret:?}, path)"),
        "os.symlink('/proc/self/environ', path)".to_owned(),
        "os.symlink('/proc/1/environ', path)".to_owned(),
        "os.symlink('/dev/zero', path)".to_owned(),
        "os.symlink('dataset.jsonl', path)".to_owned(),
        "os.symlink('/tmp/none', path)".to_owned(),
    ] {
        let text = format!("path = os.environ['DATA_FABRICATION_OUTPUT']\nprint('row')\n{how}");
        for (world, outcome) in attack(&text) {
            assert_eq!(outcome.ending, Ending::BadOutput, "{world}: {how}");
            assert_eq!(outcome.output_file, None);
            assert!(!format!("{outcome:?}").contains("CANARY"));
        }
    }
}

#[test]
fn an_output_that_changes_until_the_end_is_a_file_of_the_runs_own_or_bad() {
    let place = workspace("");
    let secret = place.path().join("secret");
    fs::write(&secret, "CANARY").unwrap();
    let text = format!(
        r#"
path = os.environ['DATA_FABRICATION_OUTPUT']
open('/tmp/mine', 'w').write('mine'); os.symlink({secret:?}, '/tmp/link'); os.mkfifo('/tmp/fifo'); os.mkdir('/tmp/folder')
if os.fork() == 0:
    "Exchanges one for the other without end: RENAME_EXCHANGE."
    os.rename('/tmp/mine', path)
    while True:
        for other in (b'/tmp/link', b'/tmp/fifo', b'/tmp/folder'):
            for _ in range(2): call((316, 276), -100, other, -100, path.encode(), 2)
time.sleep(0.2)
"#,
        secret = secret.to_str().unwrap()
    );
    for _ in 0..5 {
        for (world, outcome) in attack(&text) {
            assert!(!format!("{outcome:?}").contains("CANARY"), "{world}");
            match outcome.ending {
                Ending::Ok => assert_eq!(outcome.output_file.as_deref(), Some(b"mine".as_slice())),
                Ending::BadOutput => assert_eq!(outcome.output_file, None),
                other => panic!("{world}: {other:?}"),
            }
        }
    }
}

#[test]
fn a_device_cannot_be_the_output() {
    held(
        "path = os.environ['DATA_FABRICATION_OUTPUT']\n\
         import stat\n\
         attempt('device', os.mknod, path, stat.S_IFCHR | 0o666, os.makedev(1, 5), by=('EPERM', 'EACCES'))\n\
         attempt('disk', os.mknod, path, stat.S_IFBLK | 0o666, os.makedev(8, 0), by=('EPERM', 'EACCES'))",
    );
}

#[test]
fn bytes_of_any_kind_arrive_as_they_are() {
    let rows = r#"b'\xff\xfe\x00{"a": NaN, "a": 1e999}\r\n\xef\xbb\xbf\xed\xa0\x80\x1b]0;x\x07' + b'y' * 900000"#;
    let text = format!("open(os.environ['DATA_FABRICATION_OUTPUT'], 'wb').write({rows})");
    let outcomes = attack(&text);
    for (_, outcome) in &outcomes {
        assert_eq!(outcome.ending, Ending::Ok);
        assert_eq!(
            outcome.dataset_bytes().len(),
            900_039,
            "{:?}",
            &outcome.dataset_bytes()[..60]
        );
        assert!(outcome.dataset_bytes().starts_with(b"\xff\xfe\x00{"));
    }
}

#[test]
fn the_caller_is_not_known_inside() {
    let sandbox = sandbox_or_skip!();
    let source = "import os, platform\n\
                  print(open('/proc/self/mountinfo').read(), os.environ, platform.node(), os.getcwd())\n\
                  print(open('/proc/self/status').read(), os.listdir('/'), os.sched_getaffinity(0) and '')\n";
    let text = printed(sandbox, source);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    for word in ["CARGO", "/root/.", host.trim()] {
        // The interpreter's own folder is named, wherever it lies.
        let text = text.replace(python().executable.to_str().unwrap_or("-"), "");
        if python().executable.starts_with("/root") && word.starts_with("/root") {
            continue;
        }
        assert!(word.len() < 3 || !text.contains(word), "{word}:\n{text}");
    }
}
