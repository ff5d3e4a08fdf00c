#!/usr/bin/python3
"""Writes the pages of the demo's exporters: of the two hosts that hold the pool safety-evals.

    make_exporters.py        writes exporters/dcgm and exporters/neuron beside this file

They are in the form of dcgm-exporter and of neuron-monitor's Prometheus exporter, with made-up values.
"""

import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
GPUS = 8
DEVICES = 16
CORES_OF_DEVICE = 4  # logical ones

# name: help, value of a GPU by a number from -1 to 1
DCGM = {
    "DCGM_FI_DEV_GPU_UTIL": ("GPU utilization (in %).", lambda x: "%d" % (97 + 2 * x)),
    "DCGM_FI_DEV_FB_FREE": ("Framebuffer memory free (in MiB).", lambda x: "%d" % (20_480 - 2048 * x)),
    "DCGM_FI_DEV_FB_USED": ("Framebuffer memory used (in MiB).", lambda x: "%d" % (162_816 + 2048 * x)),
    "DCGM_FI_DEV_XID_ERRORS": ("Value of the last XID error encountered.", lambda x: "0"),
    "DCGM_FI_PROF_GR_ENGINE_ACTIVE": ("Ratio of time the graphics engine is active.",
                                      lambda x: "%.6f" % (0.86 + 0.02 * x)),
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE": ("Ratio of cycles the tensor (HMMA) pipe is active.",
                                        lambda x: "%.6f" % (0.41 + 0.02 * x)),
}


def dcgm_page(noise):
    lines = []
    for name, (text, value) in DCGM.items():
        lines += [f"# HELP {name} {text}", f"# TYPE {name} gauge"]
        for gpu in range(GPUS):
            lines.append(f'{name}{{gpu="{gpu}",UUID="GPU-de300000-0000-4000-8000-{gpu:012}",device="nvidia{gpu}",'
                         'modelName="NVIDIA B200",Hostname="b200-00",container="evals",namespace="evals",'
                         f'pod="nightly-evals-{gpu // 4}"}} {value(noise.uniform(-1, 1))}')
    return lines


def neuron_page(noise):
    instance = 'instance_name="trainium2-00",instance_id="i-demo",instance_type="trn2.48xlarge"'
    lines = ["# HELP instance_info EC2 instance information", "# TYPE instance_info gauge",
             f"instance_info{{{instance}}} 1.0",
             "# HELP neuron_hardware_info Neuron hardware information", "# TYPE neuron_hardware_info gauge",
             f'neuron_hardware_info{{{instance},neuron_device_count="{DEVICES}",'
             f'neuroncore_per_device_count="{CORES_OF_DEVICE}"}} 1.0',
             "# HELP neuroncore_utilization_ratio NeuronCore utilization ratio",
             "# TYPE neuroncore_utilization_ratio gauge"]
    for core in range(DEVICES * CORES_OF_DEVICE):
        lines.append(f'neuroncore_utilization_ratio{{{instance},neuroncore="{core}",runtime_tag="attack-search"}} '
                     f"{0.84 + noise.uniform(-0.03, 0.03):.4f}")
    return lines


def main():
    noise = random.Random("fleetmeter demo exporters")
    for name, page in (("dcgm", dcgm_page), ("neuron", neuron_page)):
        with open(os.path.join(HERE, "exporters", name), "w", encoding="utf-8") as out:
            out.write("\n".join(page(noise)) + "\n")


if __name__ == "__main__":
    main()
