//! The pages in a real browser, where there is one.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Place, Server, zip_of};

/// What headless Chromium makes of a page: the document after it was read, and what it complains of. None where there
/// is no Chromium.
fn seen(place: &Place, url: &str) -> Option<(String, String)> {
    let profile = format!("--user-data-dir={}", place.path("profile").display());
    let started = Command::new("chromium")
        .args([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
        ])
        .args([
            "--disable-dev-shm-usage",
            "--window-size=390,844",
            profile.as_str(),
            "--dump-dom",
            url,
        ])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut browser = match started {
        Ok(browser) => browser,
        Err(_) => {
            eprintln!("skipped: there is no command `chromium` on PATH");
            return None;
        }
    };
    let mut stdout = browser.stdout.take().expect("stdout");
    let mut stderr = browser.stderr.take().expect("stderr");
    let read = |stream: &mut dyn Read| {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("its output");
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let complaints = std::thread::spawn(move || read(&mut stderr));
    let document = std::thread::spawn(move || read(&mut stdout));
    let end = Instant::now() + Duration::from_secs(90);
    while browser.try_wait().expect("its end").is_none() {
        if Instant::now() > end {
            let _ = browser.kill();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Some((
        document.join().expect("read"),
        complaints.join().expect("read"),
    ))
}

#[test]
fn a_browser_finds_text_where_a_miner_wrote_markup_and_misses_nothing() {
    let place = Place::new();
    let server = Server::start(&place, &["-j", "1"]);
    let source = "import os\nos.system('<img src=x onerror=alert(1)>')\n";
    let zip = zip_of(&[("harness.py", "import evil\n"), ("<b>evil.py", source)]);
    let answer = server
        .submit("5F</td><script>document.title='taken'</script>", &zip)
        .with_status(200)
        .json();
    let id = answer["id"].as_str().expect("an id");
    server.wait_for(id, "failed");
    for (path, expected) in [
        ("/".to_owned(), "<h1><bdi>Data Fabrication</bdi></h1>"),
        (
            format!("/view/{id}"),
            "data-n=\"2\"><bdi>os.system('&lt;img src=x onerror=alert(1)&gt;')</bdi>",
        ),
    ] {
        let Some((document, complaints)) =
            seen(&place, &format!("http://{}{path}", server.address))
        else {
            return;
        };
        assert!(document.contains(expected), "{document}");
        assert!(
            document.contains("5F&lt;/td&gt;&lt;script&gt;"),
            "{document}"
        );
        for element in ["<script", "<img", "<b>", "<title>taken"] {
            assert!(!document.contains(element), "{element} in {document}");
        }
        // What the policy would not let through is complained of, the page's own style for one.
        assert!(
            !complaints.contains("Content Security Policy"),
            "{complaints}"
        );
        assert!(!complaints.contains("Refused"), "{complaints}");
    }
    let asked: Vec<String> = server
        .log()
        .lines()
        .filter(|line| line.contains(" GET "))
        .map(str::to_owned)
        .collect();
    let strange = |line: &&String| {
        ![" GET / 200 ", " GET /view/", " GET /submissions/"]
            .iter()
            .any(|known| line.contains(known))
    };
    assert_eq!(
        asked.iter().find(strange),
        None,
        "pages ask for nothing else"
    );
}
