use super::*;
use std::path::PathBuf;

/// A directory of its own that goes away with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("hapax-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Scratch(path)
    }
    fn file(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, name).unwrap();
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Which files 3.4.0 took, in its order, with its names for them.
#[test]
fn directories() {
    let dir = Scratch::new("directories");
    for name in [
        "b.cfg", "A.cfg", ".h.cfg", "x.conf", ".cfg", "a.cfg", "z.cfg~",
    ] {
        dir.file(name);
    }
    std::fs::create_dir_all(dir.0.join("sub.cfg")).unwrap();
    std::os::unix::fs::symlink("A.cfg", dir.0.join("l.cfg")).unwrap();
    let shown = dir.0.display().to_string();
    let (inputs, findings) = open(&[&dir.0]);
    let names: Vec<String> = inputs.iter().map(|i| i.name.replace(&shown, "d")).collect();
    assert_eq!(names, ["d/A.cfg", "d/a.cfg", "d/b.cfg", "d/l.cfg"]);
    assert!(findings.is_empty());
    let slash = PathBuf::from(format!("{shown}/"));
    let (inputs, _) = open(&[slash, dir.0.join(".h.cfg"), dir.0.join("a.cfg")]);
    assert_eq!(inputs.len(), 6);
    assert_eq!(inputs[0].name, format!("{shown}//A.cfg"));
    assert_eq!(inputs[4].text, b".h.cfg");
}

#[test]
fn what_cannot_be_opened_is_reported_and_the_rest_read() {
    let dir = Scratch::new("missing");
    let good = dir.file("good.cfg");
    let (inputs, findings) = open(&[PathBuf::from("/nonexistent"), good]);
    assert_eq!(inputs.len(), 1);
    let messages: Vec<&str> = findings.iter().map(|f| f.message.as_str()).collect();
    assert_eq!(
        messages,
        ["Cannot open configuration file/directory /nonexistent : No such file or directory"]
    );
    assert_eq!(findings[0].form, Form::Config);
}
