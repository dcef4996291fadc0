//! `gomend simulate --drill --team`: a set of faults, a time, and scores without names.

use std::fs;

use serde_json::Value;

use crate::support::How;
use crate::support::home::Home;
use crate::support::terminal::{CTRL_C, Terminal};

fn start(home: &Home, set: &str) -> Terminal {
    home.write("set.toml", set);
    let mut command = home.command(env!("CARGO_BIN_EXE_gomend"));
    command.args(["simulate", "--drill", "--seed", "3", "--team", "set.toml"]);
    Terminal::start(command)
}

/// The digit of a cause in the last menu.
fn digit(screen: &str, cause: &str) -> String {
    let menu = screen.rsplit("what is it?").next().unwrap();
    let line = menu
        .lines()
        .find(|line| line.trim().ends_with(cause))
        .unwrap();
    line.trim().chars().next().unwrap().to_string()
}

#[test]
fn two_faults_against_a_time() {
    let home = Home::new().var("TERM", "xterm").var("USER", "secret-user");
    let (fault, cause) = listed(&home);
    let set = format!("version = 1\nseconds = 600\nfaults = [\"{fault}\", \"{fault}\"]\n");
    let mut terminal = start(&home, &set);
    terminal.wait_for("a drill of 2, 600 s for each");
    terminal.wait_for("Enter  no idea");
    let right = digit(&terminal.screen(), &cause);
    terminal.press(&right);
    terminal.wait_for("right: ");
    terminal.wait_for("after ");
    terminal.wait_for("what is it?");
    terminal.wait_for("no idea");
    terminal.press("\r");
    terminal.wait_for("it is this: ");
    terminal.wait_for("1/2");
    assert_eq!(terminal.end().0, How::Code(0));
    let table: Value =
        serde_json::from_str(&home.done(&["simulate", "--drill", "--team", "set.toml", "--json"]))
            .unwrap();
    assert_eq!(table["runs"].as_array().unwrap().len(), 1);
    assert_eq!(
        (
            &table["faults"][&fault]["asked"],
            &table["faults"][&fault]["right"]
        ),
        (&2.into(), &1.into())
    );
    let kept = home.read(".local/state/gomend/fleet/drills.json");
    assert!(
        !kept.contains("secret-user") && !kept.contains("gomend-home"),
        "{kept}"
    );

    // broken off, it isn't counted
    let mut terminal = start(&home, &set);
    terminal.wait_for("no idea");
    terminal.press(CTRL_C);
    assert_eq!(terminal.end().0, How::Code(130));
    assert_eq!(home.read(".local/state/gomend/fleet/drills.json"), kept);
}

/// A quick fault, and its cause.
fn listed(home: &Home) -> (String, String) {
    let list = home.done(&["simulate", "--json"]);
    let all = list
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let mut all = all.map(|one| (word(&one, "id"), word(&one, "cause")));
    all.find(|(_, cause)| cause == "tcp-refused").unwrap()
}

#[test]
fn a_set_that_is_none() {
    let home = Home::new();
    for (what, set) in [
        (
            "unknown",
            "version = 1\nfaults = [\"no-such-fault\"]\n".to_owned(),
        ),
        ("bomb", format!("version = 1\nx = {}", "[".repeat(60_000))),
        ("50 MB", "#".repeat(50 << 20)),
        (
            "names",
            "version = 1\nfaults = [\"x\"]\nnames = [\"y\"]\n".to_owned(),
        ),
    ] {
        home.write("set.toml", set);
        let ended = home.gomend(&["simulate", "--drill", "--team", "set.toml"]);
        assert_eq!(ended.how, How::Code(2), "{what}: {ended:?}");
        assert!(ended.words().len() < 400, "{what}: {ended:?}");
    }
    fs::remove_file(home.at("set.toml")).unwrap();
    assert_eq!(
        home.gomend(&["simulate", "--drill", "--team", "set.toml"])
            .how,
        How::Code(2)
    );
    assert_eq!(
        home.gomend(&["simulate", "--team", "set.toml"]).how,
        How::Code(2)
    );
}
