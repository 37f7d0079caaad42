"""Replays a workload in Dynamo's mocker under a profile, and prints each request as a JSON line, times in seconds.

mocker.py PROFILE.npz WORKLOAD.jsonl
"""

import json
import sys

from dynamo.replay import run_trace_replay

BLOCK = 16

profile, workload = sys.argv[1:]
report = run_trace_replay(
    workload,
    extra_engine_args={
        "engine": {
            "timing_model": {
                "type": "external",
                "provider": "dynamo_profile",
                "config": {"path": profile},
            },
            "num_gpu_blocks": 16384,
            "block_size": BLOCK,
            "max_num_seqs": 64,
            "max_num_batched_tokens": 2048,
        },
        "dynamo": {},
    },
    replay_mode="offline",
    capture_per_request=True,
    trace_block_size=BLOCK,
)
for each in report.per_request:
    print(
        json.dumps(
            {
                "id": each["uuid"],
                "arrival": each["arrival_time_ms"] / 1e3,
                "start": each["first_admit_ms"] / 1e3,
                "first": each["first_token_ms"] / 1e3,
                "last": each["last_token_ms"] / 1e3,
                "prompt": each["input_length"],
                "output": each["output_length"],
            }
        )
    )
