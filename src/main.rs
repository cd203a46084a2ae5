//! The `hapax` binary: everything it does is in the library.

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    hapax::cmd::main(std::env::args_os().collect())
}
