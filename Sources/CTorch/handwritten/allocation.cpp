// How jemalloc, which gives this process its memory, is set.
//
// glibc hands large blocks back to the kernel as soon as they are free and gets them again, zeroed page by page, in the next operation; told to
// keep them, it cannot use them again for blocks of other sizes. jemalloc does both: freed memory stays in the process (no decay) and is used again,
// so a training step takes as little memory as it needs and no time for getting it. Few arenas, since what lies free in one is not used by
// another; no arena of its own for huge blocks, which would give them back at once.
//
// A server asks for the opposite when it starts (Sources/Martlet/FreedMemory.swift). Whoever wants it otherwise sets the environment variable
// MALLOC_CONF.

extern "C" __attribute__((visibility("default"), used)) const char* malloc_conf =
    "dirty_decay_ms:-1,muzzy_decay_ms:-1,narenas:4,oversize_threshold:0";
