/** What this plug-in imports from the host beyond the PDK. */

/** Tells the host about a new total; the host answers with a remark (a block of kernel memory). */
@external("extism:host/user", "remark")
export declare function remark(total: i64): u64;
