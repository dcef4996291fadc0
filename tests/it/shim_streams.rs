//! go's words: their kind of stream, their order, their amount, their readers, and
//! whoever still holds a stream when go is gone.

use std::fs;
use std::io::{Read, pipe};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;

use crate::support::event::{Gate, Ready, end_of, exists, gone, is_readable_within};
use crate::support::terminal::Terminal;
use crate::support::{Go, How, LATEST, Sandbox};

// ------------------------------------------------------------ order

const SHAPES: &[&str] = &[
    "go build >f 2>&1",
    "go build 2>f >&2",
    "go build >>f 2>>f",
    "go build >f 2>f",
    "go build >f 2>g; cat g >>f",
    "go build 2>&1 | cat >f",
    "go build 2>&1 >g | cat >f; cat g >>f",
    "{ echo before; go build; echo after; } >f 2>&1",
    "echo before >f; { go build; echo between >&2; go build; } >>f 2>&1",
];

#[test]
fn stdout_and_stderr_arrive_in_go_s_order() {
    let sandbox = Sandbox::with_probe("weave 3000;exit 3");
    for shape in SHAPES {
        let arrived = sandbox.same(|go| {
            let ended = go.run_sh(&format!("rm -f f g; {shape}"));
            (ended.how, sandbox.read("work/f"))
        });
        assert!(arrived.1.len() > 3000 * 6, "{shape}");
    }
}

#[test]
fn the_order_holds_where_the_kernel_compares_no_descriptors() {
    // some containers forbid kcmp(2)
    let sandbox = Sandbox::with_probe("weave 3000");
    let filter = sandbox.path("filter");
    crate::support::compile_c(
        br"#include <errno.h>
           #include <stddef.h>
           #include <sys/prctl.h>
           #include <sys/syscall.h>
           #include <linux/filter.h>
           #include <linux/seccomp.h>
           #include <unistd.h>
           int main(int c, char **v) {
               struct sock_filter f[] = {
                   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kcmp, 0, 1),
                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
               struct sock_fprog p = {4, f};
               if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &p)) return 99;
               return execvp(v[1], v + 1); }",
        &filter,
    );
    let filter = filter.display();
    for shape in [
        "{ FILTER go build; echo after; } >f 2>&1",
        "FILTER go build >f 2>f",
    ] {
        sandbox.same(|go| {
            let line = shape.replace("FILTER", &filter.to_string());
            assert_eq!(go.run_sh(&format!("rm -f f; {line}")).how, How::Code(0));
            sandbox.read("work/f")
        });
    }
}

#[test]
fn the_order_holds_on_a_terminal() {
    let sandbox = Sandbox::with_probe("weave 500");
    for shape in ["go build", "go build 2>/dev/tty", "go build >/dev/tty"] {
        let screen = sandbox.same(|go| Terminal::start(go.sh(shape)).end());
        assert_eq!(screen.1.lines().count(), 1000);
    }
}

// ------------------------------------------------------------ kinds

#[test]
fn terminals_stay_terminals_and_nothing_else_becomes_one() {
    let sandbox = Sandbox::with_probe("kinds;out -;err -");
    for command in ["version", "build", "test", "run"] {
        for redirected in [
            "",
            ">f",
            "2>f",
            ">f 2>&1",
            "2>&1 | cat",
            "| cat",
            "</dev/null",
            "2>/dev/null",
        ] {
            sandbox.same(|go| {
                fs::write(sandbox.path("work/f"), "").unwrap();
                let terminal = Terminal::start(go.sh(&format!("go {command} {redirected}")));
                let (how, screen) = terminal.end();
                let kinds = screen + &String::from_utf8(sandbox.read("work/f")).unwrap();
                let kinds = kinds.replace("file", "pipe").replace("device", "pipe");
                let mut lines: Vec<String> = kinds.lines().map(str::to_owned).collect();
                lines.sort(); // two streams in two places
                (how, lines)
            });
        }
    }
}

#[test]
fn a_full_screen_program_of_go_run_has_the_terminal_itself() {
    let sandbox = Sandbox::with_go(LATEST);
    sandbox.write(
        "work/main.go",
        r#"package main
           import ("fmt"; "os"; "syscall"; "unsafe")
           func main() {
               for fd := 0; fd < 3; fd++ {
                   var termios syscall.Termios
                   _, _, e := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.TCGETS, uintptr(unsafe.Pointer(&termios)))
                   name, _ := os.Readlink(fmt.Sprint("/proc/self/fd/", fd))
                   fmt.Println(fd, e, termios.Lflag, termios.Oflag, len(name) > 0 && name == os.Getenv("TTY"))
               }
               fmt.Fprintln(os.Stderr, "done")
               os.Exit(3)
           }"#,
    );
    let screen = sandbox.same(|go| Terminal::start(go.sh("TTY=$(tty) go run .")).end().1);
    assert_eq!(screen.matches("true").count(), 3, "{screen}");
    assert!(screen.contains("exit status 3"), "{screen}");
}

#[test]
fn go_test_in_a_folder_gives_its_test_the_terminal() {
    let sandbox = Sandbox::with_go(LATEST);
    sandbox.write(
        "work/main_test.go",
        r#"package main
           import ("fmt"; "os"; "testing")
           func TestTerminal(t *testing.T) {
               for fd, file := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
                   info, _ := file.Stat()
                   fmt.Println(fd, info.Mode()&os.ModeCharDevice != 0)
               }
           }"#,
    );
    let test = |go: &Go<'_>| {
        let screen = Terminal::start(go.command(&["test", "-v"])).end().1;
        screen
            .lines()
            .filter(|line| line.ends_with("true") || line.ends_with("false"))
            .count()
    };
    assert_eq!(sandbox.same(test), 3);
}

// ------------------------------------------------------------ the window's size

#[test]
fn the_window_s_size_is_the_real_one_and_follows_it() {
    let sandbox = Sandbox::with_probe("catch 28;size 1;size 2;ready $D/ready;pause");
    for command in ["version", "build", "test"] {
        sandbox.same(|go| {
            let mut ready = Ready::new(&sandbox.path("ready"));
            let mut terminal = Terminal::start(go.command(&[command]));
            terminal.wait_for("size 0 24 80\r\nsize 0 24 80\r\n");
            ready.wait();
            for (rows, columns) in [(50, 132), (10, 20), (50, 20)] {
                terminal.resize(rows, columns);
                terminal.wait_for(&format!("now {rows} {columns}\r\n"));
            }
            terminal.press(crate::support::terminal::CTRL_C);
            terminal.end().0
        });
    }
}

// ------------------------------------------------------------ amounts

/// The most memory a process has had, in KiB (proc(5), `VmHWM`).
fn most_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_gibibyte_passes_with_flat_memory() {
    const GIBIBYTE: u64 = 1 << 30;
    let commands = format!("flood 2 {GIBIBYTE};ready $D/ready;await $D/gate;exit 1");
    let sandbox = Sandbox::with_probe(&commands).var("GOMEND", "quiet");
    let gate = Gate::new(&sandbox.path("gate"));
    let mut ready = Ready::new(&sandbox.path("ready"));
    let (mut reader, writer) = pipe().unwrap();
    let mut command = sandbox.shimmed().command(&["build"]);
    let mut shim = command
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    drop(command);
    let counted =
        std::thread::spawn(move || std::io::copy(&mut reader, &mut std::io::sink()).unwrap());
    ready.wait();
    let memory = most_memory(shim.id());
    drop(gate);
    assert_eq!(How::from(end_of(&mut shim)), How::Code(1));
    assert_eq!(counted.join().unwrap(), GIBIBYTE);
    assert!(memory < 4096, "{memory} KiB");
}

#[test]
fn every_byte_passes_unchanged() {
    let sandbox = Sandbox::with_probe("cat");
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    sandbox.write("bytes", &bytes);
    let ended = sandbox.same(|go| go.run_sh("go build <../bytes 2>&1"));
    assert_eq!(ended.stdout, bytes);
    let screen = sandbox.same(|go| {
        Terminal::start(go.sh("stty -opost; go build <../bytes"))
            .end()
            .1
    });
    assert_eq!(screen.len(), String::from_utf8_lossy(&bytes).len());
}

#[test]
fn a_reader_that_stops_for_a_while_loses_nothing() {
    let sandbox = Sandbox::with_probe("flood 1 1000000;exit 2");
    for non_blocking in [false, true] {
        let (mut reader, writer) = pipe().unwrap();
        if non_blocking {
            rustix::fs::fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
        }
        let mut command = sandbox.shimmed().command(&["build"]);
        let mut shim = command
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap();
        drop(command);
        // nobody has read: go can't have got rid of everything
        assert!(shim.try_wait().unwrap().is_none());
        let mut all = Vec::new();
        reader.read_to_end(&mut all).unwrap();
        assert_eq!(all.len(), 1_000_000);
        assert_eq!(How::from(end_of(&mut shim)), How::Code(2));
    }
}

// ------------------------------------------------------------ no reader, no room

#[test]
fn a_closed_pipe_ends_go_with_sigpipe() {
    // more than a pipe holds: what the shim reads on is no longer taken
    let sandbox = Sandbox::with_probe("ready $D/ready;await $D/gate;flood 2 1000000;exit 0");
    for command in ["version", "build", "test"] {
        let how = sandbox.same(|go| {
            let gate = Gate::new(&sandbox.path("gate"));
            let mut ready = Ready::new(&sandbox.path("ready"));
            let (reader, writer) = pipe().unwrap();
            let mut command = go.command(&[command]);
            let mut child = command
                .stdout(writer.try_clone().unwrap())
                .stderr(writer)
                .spawn()
                .unwrap();
            drop(command);
            ready.wait();
            drop(reader);
            drop(gate);
            How::from(end_of(&mut child))
        });
        assert_eq!(how, How::Signal(13));
    }
}

#[test]
fn a_real_go_into_head_ends_with_sigpipe() {
    let sandbox = Sandbox::with_go(LATEST);
    for pipeline in [
        "go list -f '{{.}}' -deps cmd/go",
        "go list -f '{{.}}' -deps cmd/go 2>&1",
    ] {
        sandbox.same(|go| {
            let mut bash = go.environment(Command::new("bash"));
            bash.args([
                "-c",
                &format!("{pipeline} | head -n 1; echo ${{PIPESTATUS[0]}}"),
            ]);
            let ended = bash.output().unwrap();
            let text = String::from_utf8(ended.stdout).unwrap();
            text.lines().last().unwrap().to_owned()
        });
    }
}

#[test]
fn a_full_disk_is_go_s_to_ignore() {
    let sandbox = Sandbox::with_probe("err one;out two;err three;exit 3");
    for line in [
        "go build >/dev/full 2>&1",
        "go build 2>/dev/full",
        "go build 2</dev/null",
    ] {
        let ended = sandbox.same(|go| go.run_sh(line));
        assert_eq!(ended.how, How::Code(3), "{line}");
    }
    // a file that may not grow: SIGXFSZ, which a real go lives through
    let sandbox = Sandbox::with_go(LATEST);
    for line in [
        "ulimit -f 0; go build ./nowhere >f 2>&1",
        "ulimit -f 0; go list -m >f 2>&1",
    ] {
        let ended = sandbox.same(|go| go.run_sh(line));
        assert!(matches!(ended.how, How::Code(_)), "{ended:?}");
    }
}

#[test]
fn closed_streams_stay_closed() {
    let sandbox = Sandbox::with_probe("dump $D/dump;exit 3");
    for command in ["version", "build", "run"] {
        for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">&- 2>&-"] {
            sandbox.same(|go| {
                let ended = go.run_sh(&format!("exec go {command} {closed}"));
                (ended, crate::support::dumped(&sandbox.read("dump"), "fd"))
            });
        }
    }
    let sandbox = Sandbox::with_go(LATEST);
    for closed in ["<&-", ">&-", "2>&-"] {
        sandbox.same(|go| go.run_sh(&format!("go build ./nowhere {closed}")));
        sandbox.same(|go| go.run_sh(&format!("go list -m {closed}")));
    }
}

// ------------------------------------------------------------ who still holds a stream

/// Starts go with both streams in one pipe.
fn into_a_pipe(go: &Go<'_>) -> (Child, std::io::PipeReader) {
    let (reader, writer) = pipe().unwrap();
    let mut command = go.command(&["build"]);
    let child = command
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .spawn()
        .unwrap();
    (child, reader)
}

#[test]
fn a_grandchild_with_the_stream_neither_holds_us_up_nor_is_lost() {
    let sandbox = Sandbox::with_probe(
        "below ready $D/held+await $D/gate+err late;err done;ready $D/ready;exit 3",
    );
    let mut waits = Vec::new();
    for _ in 0..5 {
        let gate = Gate::new(&sandbox.path("gate"));
        let (mut ready, mut held) = (
            Ready::new(&sandbox.path("ready")),
            Ready::new(&sandbox.path("held")),
        );
        let (mut shim, mut reader) = into_a_pipe(&sandbox.shimmed());
        let grandchild = held.wait();
        ready.wait();
        let began = Instant::now();
        assert_eq!(How::from(end_of(&mut shim)), How::Code(3));
        waits.push(began.elapsed());
        assert!(exists(grandchild), "it is not ours to kill");
        drop(gate);
        let mut words = String::new();
        reader.read_to_string(&mut words).unwrap(); // ends when grandchild and drain have ended
        assert_eq!(words, "done\nlate\n");
    }
    let shortest = waits.iter().min().unwrap();
    assert!(*shortest < Duration::from_millis(100), "{waits:?}");
}

#[test]
fn a_grandchild_that_never_stops_talking_does_not_hold_us_up() {
    let sandbox =
        Sandbox::with_probe("below ready $D/held+flood 2 1000000000000;ready $D/ready;exit 3");
    let (mut ready, mut held) = (
        Ready::new(&sandbox.path("ready")),
        Ready::new(&sandbox.path("held")),
    );
    let (mut shim, mut reader) = into_a_pipe(&sandbox.shimmed());
    let grandchild = held.wait();
    ready.wait();
    let copying = std::thread::spawn(move || {
        let mut buffer = vec![0; 65536];
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) && shim.try_wait().unwrap().is_none() {
            reader.read_exact(&mut buffer).unwrap();
        }
        (How::from(end_of(&mut shim)), began.elapsed())
    });
    let (how, wait) = copying.join().unwrap(); // and the reader is gone
    assert_eq!(how, How::Code(3));
    assert!(wait < Duration::from_secs(5), "{wait:?}");
    gone(grandchild); // as it would die of the original pipe
}

#[test]
fn command_substitution_does_not_wait_for_streams_that_it_does_not_hold() {
    let sandbox =
        Sandbox::with_probe("below close 1+ready $D/held+await $D/gate+err late;out done;exit 0");
    let act = |go: &Go<'_>| {
        let gate = Gate::new(&sandbox.path("gate"));
        let mut held = Ready::new(&sandbox.path("held"));
        let mut sh = go.sh("x=$(go build 2>../errors); echo \"got $x\"");
        let mut sh = sh.stdout(Stdio::piped()).spawn().unwrap();
        let grandchild = held.wait();
        let mut words = String::new();
        let mut stdout = sh.stdout.take().unwrap();
        assert!(
            is_readable_within(&stdout, Duration::from_secs(20)),
            "it hangs"
        );
        stdout.read_to_string(&mut words).unwrap();
        end_of(&mut sh);
        assert!(exists(grandchild));
        drop(gate);
        gone(grandchild);
        words
    };
    assert_eq!(sandbox.same(act), "got done\n");
}

#[test]
fn a_grandchild_on_the_terminal_is_heard_after_go_is_gone() {
    let sandbox = Sandbox::with_probe(
        "below ready $D/held+await $D/gate+err late;err done;ready $D/ready;exit 0",
    );
    let act = |go: &Go<'_>| {
        let gate = Gate::new(&sandbox.path("gate"));
        let mut ready = Ready::new(&sandbox.path("ready"));
        let mut held = Ready::new(&sandbox.path("held"));
        let mut terminal = Terminal::start(go.sh("go build; echo over; read x"));
        held.wait();
        ready.wait();
        terminal.wait_for("over");
        drop(gate);
        terminal.wait_for("late");
        terminal.press("\n");
        terminal.end().0
    };
    assert_eq!(sandbox.same(act), How::Code(0));
}

#[test]
fn no_descriptor_of_ours_is_left_in_go() {
    let sandbox = Sandbox::with_probe("dump $D/dump");
    for command in ["version", "build", "test", "run"] {
        sandbox.same(|go| {
            assert_eq!(go.run(&[command]).how, How::Code(0));
            crate::support::dumped(&sandbox.read("dump"), "fd")
        });
        sandbox.same(|go| {
            assert_eq!(
                Terminal::start(go.command(&[command])).end().0,
                How::Code(0)
            );
            crate::support::dumped(&sandbox.read("dump"), "fd")
        });
    }
}
