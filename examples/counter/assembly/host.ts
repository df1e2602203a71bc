/** What this plug-in imports from the host beyond the PDK. */

/** Reports a new total to the host, which returns a remark (a block of kernel memory). */
@external("extism:host/user", "remark")
export declare function remark(total: i64): u64;
