//! Thread numbers as the engine counts them: through all groups, without gaps.

use crate::ir::Global;
use std::thread::available_parallelism;

/// Threads that one group has in the numbers of `cpu-map` before they are put together.
const GROUP: u32 = 64;

/// How many threads will run, by the file and this machine.
pub fn count(global: &Global) -> u32 {
    wanted(global).unwrap_or_else(|| {
        available_parallelism()
            .ok()
            .and_then(|n| u32::try_from(n.get()).ok())
            .unwrap_or(1)
    })
}

/// How many threads the file asks for; `None`: one per usable CPU.
pub fn wanted(global: &Global) -> Option<u32> {
    let said = global.nbthread.or(global.nbproc);
    let Some(limit) = global.thread_hard_limit else {
        return said;
    };
    let count = said.or_else(|| u32::try_from(available_parallelism().ok()?.get()).ok());
    count.map(|n| n.min(limit))
}

/// Renumbers the threads of `cpu-map`; those that do not run are left out.
pub fn number(global: &mut Global) {
    let groups = global.thread_groups.unwrap_or(1).max(1);
    let size = count(global).div_ceil(groups).max(1);
    for map in &mut global.cpu_map {
        let mut kept = Vec::new();
        let mut cpus = Vec::new();
        for (place, number) in map.threads.iter().enumerate() {
            let (group, thread) = ((number - 1) / GROUP, (number - 1) % GROUP + 1);
            if group < groups && thread <= size {
                kept.push(group * size + thread);
                cpus.extend(map.cpus.get(place));
            }
        }
        map.threads = kept;
        if map.auto {
            map.cpus = cpus;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::global::CpuMap;

    #[test]
    fn groups_are_put_together() {
        let mut global = Global {
            nbthread: Some(4),
            thread_groups: Some(2),
            ..Global::default()
        };
        global.cpu_map.push(CpuMap {
            threads: (1..=GROUP).collect(),
            cpus: (0..GROUP).collect(),
            auto: true,
        });
        global.cpu_map.push(CpuMap {
            threads: vec![GROUP + 1, GROUP + 3],
            cpus: vec![7],
            auto: false,
        });
        number(&mut global);
        assert_eq!(global.cpu_map[0].threads, [1, 2]);
        assert_eq!(global.cpu_map[0].cpus, [0, 1]);
        assert_eq!(global.cpu_map[1].threads, [3]);
        assert_eq!(global.cpu_map[1].cpus, [7]);
    }
}
