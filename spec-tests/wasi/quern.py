"""Adapter for the test runner of WebAssembly/wasi-testsuite.

    run-tests -r spec-tests/wasi/quern.py

QUERN is the command to test, with its options; by default the build of this checkout without native Wasm.
"""
import os
import shlex
import subprocess
from pathlib import Path
from typing import Dict, List, Optional, Tuple

ROOT = Path(__file__).resolve().parents[2]
DEFAULT = f"node --no-expose-wasm --disallow-code-generation-from-strings {ROOT}/build/src/cli/main.js"
QUERN = shlex.split(os.getenv("QUERN", DEFAULT))


def get_name() -> str:
    return "quern"


def get_version() -> str:
    result = subprocess.run(QUERN + ["--version"], encoding="UTF-8", capture_output=True, check=True)
    return result.stdout.split()[1]


def get_wasi_versions() -> List[str]:
    return ["wasm32-wasip1"]


def get_wasi_worlds() -> List[str]:
    return ["wasi:cli/command"]


def get_timeout_seconds() -> float:
    return 30.0


def compute_argv(test_path: str,
                 args_env_root: Tuple[List[str], Dict[str, str], Optional[str]],
                 proposals: List[str],
                 wasi_world: str,
                 wasi_version: str) -> List[str]:
    args, env, root = args_env_root
    argv = QUERN + ["run"]
    for name, value in env.items():
        argv += ["--env", f"{name}={value}"]
    if root:
        argv += ["--dir", f"{root}::/"]
    return argv + [str(test_path)] + args
