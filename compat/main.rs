//! Plays the scenarios of `fixtures/scenarios` against hapax and against real HAProxy.
//!
//! ```text
//! cargo test --test compat                       every scenario, hapax with 1 and 4 threads,
//!                                                and an installed haproxy beside it
//! cargo test --test compat -- NAME...            only scenarios whose name contains NAME
//! cargo test --test compat -- --rerecord         write the goldens anew from the versions that
//!                                                they name (HAPROXY_ORACLE=path[:path...])
//! cargo test --test compat -- --only hapax       one side only (hapax, or a version)
//! cargo test --test compat -- --threads 4        every side with this number of threads
//! cargo test --test compat -- --without-handlers which executed keywords no scenario misses
//! cargo test --test compat -- --converters       converters on a thousand inputs each
//! ```

mod clock;
mod converters;
mod differences;
mod dns;
mod facts;
mod golden;
mod h2;
mod handlers;
mod inputs;
mod play;
mod process;
mod scenario;
mod server;
mod tls;
mod transcript;
mod wire;

use golden::Golden;
use play::Setting;
use process::Binary;
use scenario::Scenario;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;

/// Scenarios played at the same time.
const AT_ONCE: usize = 4;

/// One play of one scenario.
#[derive(Clone)]
struct Job<'a> {
    scenario: &'a Scenario,
    golden: &'a Golden,
    binary: &'a Binary,
    threads: Option<u32>,
    /// Keyword whose handler is switched off.
    without: Option<String>,
}

/// What came of a job.
struct Verdict {
    label: String,
    lines: Vec<String>,
    /// Differences from the golden, empty when there are none.
    faults: Vec<String>,
    output: String,
}

impl Job<'_> {
    /// Name for reports.
    fn label(&self) -> String {
        let threads = self
            .threads
            .map(|n| format!(", {n} threads"))
            .unwrap_or_default();
        format!("{} ({}{threads})", self.scenario.name, self.binary.version)
    }

    /// Plays it once.
    fn run(&self, number: usize, stop_early: bool) -> Verdict {
        let dir = std::env::temp_dir()
            .join(format!("hapax-compat-{}", std::process::id()))
            .join(number.to_string());
        let env = self
            .without
            .iter()
            .map(|keyword| ("HAPAX_TEST_WITHOUT".to_owned(), keyword.clone()))
            .collect();
        let setting = Setting {
            binary: self.binary,
            threads: self.threads,
            env,
            golden: stop_early.then_some(self.golden.lines.as_slice()),
            dir: dir.clone(),
        };
        let outcome = play::play(self.scenario, &setting);
        let _ = std::fs::remove_dir_all(&dir);
        match outcome {
            Ok(outcome) => Verdict {
                label: self.label(),
                faults: self.golden.differences(&outcome.lines),
                lines: outcome.lines,
                output: outcome.output,
            },
            Err(fault) => Verdict {
                label: self.label(),
                lines: Vec::new(),
                faults: vec![fault],
                output: String::new(),
            },
        }
    }
}

/// Plays all jobs, at most [`AT_ONCE`] at a time; verdicts in the order of the jobs.
fn run_all(jobs: &[Job], stop_early: bool) -> Vec<Verdict> {
    let next = AtomicUsize::new(0);
    let (tell, told) = channel();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            let (tell, next) = (tell.clone(), &next);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let Some(job) = jobs.get(number) else {
                        return;
                    };
                    let _ = tell.send((number, job.run(number, stop_early)));
                }
            });
        }
    });
    drop(tell);
    let mut verdicts: Vec<(usize, Verdict)> = told.iter().collect();
    verdicts.sort_by_key(|(number, _)| *number);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

struct Options {
    names: Vec<String>,
    /// Behind `--without-handlers`: parts of keywords instead of scenarios.
    keywords: Vec<String>,
    rerecord: bool,
    without_handlers: bool,
    /// Converters on many inputs instead of scenarios.
    converters: bool,
    only: Option<String>,
    show: bool,
    /// Number of threads for real HAProxy too.
    threads: Option<u32>,
}

fn options() -> Options {
    let mut options = Options {
        names: Vec::new(),
        keywords: Vec::new(),
        rerecord: false,
        without_handlers: false,
        converters: false,
        only: None,
        show: false,
        threads: None,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--rerecord" => options.rerecord = true,
            "--converters" => options.converters = true,
            "--without-handlers" => options.without_handlers = true,
            "--only" => options.only = args.next(),
            "--show" => options.show = true,
            "--threads" => options.threads = args.next().and_then(|n| n.parse().ok()),
            "--list" => std::process::exit(0),
            "--test-threads" | "--format" | "--color" | "--skip" => drop(args.next()),
            other if other.starts_with('-') => {}
            _ if options.without_handlers => options.keywords.push(arg),
            _ => options.names.push(arg),
        }
    }
    options
}

/// The package's directory.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// hapax as built for this test run.
fn hapax() -> Binary {
    let path = option_env!("CARGO_BIN_EXE_hapax").unwrap_or("hapax");
    Binary {
        path: PathBuf::from(path),
        version: "hapax".to_owned(),
        hapax: true,
    }
}

/// Real HAProxy programs: `HAPROXY_ORACLE` (several, separated by colons) or the one in `PATH`.
fn oracles() -> Vec<Binary> {
    let named = std::env::var("HAPROXY_ORACLE").unwrap_or_default();
    if !named.is_empty() {
        return named
            .split(':')
            .filter_map(|p| Binary::probe(Path::new(p)))
            .collect();
    }
    let path = std::env::var("PATH").unwrap_or_default();
    let mut places: Vec<&str> = path.split(':').collect();
    places.push("/usr/sbin");
    let found = places
        .iter()
        .map(|d| Path::new(d).join("haproxy"))
        .find(|p| p.is_file());
    found.and_then(|p| Binary::probe(&p)).into_iter().collect()
}

/// What a scenario may need and a machine may lack.
fn available(need: &str) -> bool {
    match need {
        "root" => rustix::process::geteuid().is_root(),
        "ipv6" => std::net::TcpListener::bind("[::1]:0").is_ok(),
        _ => false,
    }
}

fn scenarios(names: &[String]) -> Result<Vec<Scenario>, String> {
    let dir = root().join("fixtures/scenarios");
    let entries = std::fs::read_dir(&dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "scn"))
        .collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        let name = path
            .file_stem()
            .map(|s| s.to_string_lossy().into_owned())
            .unwrap_or_default();
        if !names.is_empty() && !names.iter().any(|n| name.contains(n.as_str())) {
            continue;
        }
        let text =
            std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let scenario = scenario::parse(&name, &text)?;
        if let Some(missing) = scenario.needs.iter().find(|need| !available(need)) {
            println!("{name}: left out, it needs {missing}");
            continue;
        }
        found.push(scenario);
    }
    Ok(found)
}

fn main() -> ExitCode {
    let options = options();
    if options.converters {
        return finish(converters::run(&options.names, options.rerecord));
    }
    let found = match scenarios(&options.names) {
        Ok(found) => found,
        Err(fault) => {
            println!("{fault}\n\n0 passed, 1 failed");
            return ExitCode::FAILURE;
        }
    };
    let result = if options.rerecord {
        golden::rerecord(&found, &oracles())
    } else {
        let goldens: Vec<Golden> = found.iter().map(Golden::load).collect();
        if options.without_handlers {
            handlers::report(&found, &goldens, &hapax(), &options.keywords)
        } else {
            compare(&found, &goldens, &options)
        }
    };
    let _ = std::fs::remove_dir_all(
        std::env::temp_dir().join(format!("hapax-compat-{}", std::process::id())),
    );
    finish(result)
}

/// Tells how it went: passed and failed.
fn finish(result: (usize, usize)) -> ExitCode {
    println!("\n{} passed, {} failed", result.0, result.1);
    if result.1 == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The main run: every scenario on every program that can play it.
fn compare(found: &[Scenario], goldens: &[Golden], options: &Options) -> (usize, usize) {
    let mut binaries = vec![hapax()];
    binaries.extend(oracles());
    if let Some(only) = &options.only {
        binaries.retain(|b| b.version.starts_with(only.as_str()));
    }
    for binary in &binaries {
        println!(
            "playing {} scenarios on {} ({})",
            found.len(),
            binary.version,
            binary.path.display()
        );
    }
    let mut jobs = Vec::new();
    for (scenario, golden) in found.iter().zip(goldens) {
        for binary in &binaries {
            let ancient = binary.version.starts_with("1.");
            if !binary.hapax && ancient != golden.version.starts_with("1.") {
                continue;
            }
            let threads: &[Option<u32>] = if options.threads.is_some() {
                &[options.threads]
            } else if binary.hapax {
                &[Some(1), Some(4)]
            } else {
                &[Some(1)]
            };
            for threads in threads {
                jobs.push(Job {
                    scenario,
                    golden,
                    binary,
                    threads: *threads,
                    without: None,
                });
            }
        }
    }
    let mut verdicts = run_all(&jobs, !options.show);
    let known = differences::load();
    let mut second = Vec::new();
    for (number, job) in jobs.iter().enumerate() {
        let expected = known
            .iter()
            .any(|d| d.covers(&job.scenario.name, &job.binary.version));
        if verdicts[number].faults.is_empty() || expected {
            continue;
        }
        let again = job.run(number, !options.show);
        if again.faults.is_empty() {
            second.push(again.label.clone());
            verdicts[number] = again;
        }
    }
    let (mut passed, mut failed) = (0, 0);
    for (job, verdict) in jobs.iter().zip(&verdicts) {
        let expected = known
            .iter()
            .any(|d| d.covers(&job.scenario.name, &job.binary.version));
        if options.show {
            println!("--- {}\n{}", verdict.label, verdict.lines.join("\n"));
            println!("it printed:\n{}", verdict.output);
        }
        if verdict.faults.is_empty() || expected {
            passed += 1;
        } else {
            failed += 1;
            println!("\nFAILED {}\n{}", verdict.label, verdict.faults.join("\n"));
            if verdict.lines.iter().any(|l| l.starts_with("proxy ")) {
                println!("it printed:\n{}", verdict.output);
            }
        }
    }
    for label in &second {
        println!("passed only when played again alone: {label}");
    }
    if options.names.is_empty() {
        for stale in differences::stale(&known, &jobs, &verdicts) {
            failed += 1;
            println!("\nFAILED compat/differences.tsv: {stale}");
        }
    }
    (passed, failed)
}
