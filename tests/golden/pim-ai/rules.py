"""rules.py: the published PIM-AI rules once more, from their page alone.
SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

A second implementation, in another language and by other means than
tools/lib/model/model_pim_ai.c, so that a misreading shows as a difference.
"""

BYTES = {"int4": 0.5, "int8": 1, "float16": 2, "bfloat16": 2, "float32": 4}
FUNCTIONS = {"softmax": "softmax", "matmul": "matmul", "attention": "scaled_dot_product_attention",
             "silu": "UPM_SiLUActivation", "rmsnorm": "UPM_LlamaRMSNorm"}
LAYERS = ("linear", "conv2d", "layernorm")
ELEMENT_NS = {"softmax": ("softmax_ns_per_element", 0.4), "silu": ("SiLU_ns_per_element", 0.6),
              "rmsnorm": ("RMSNorm_ns_per_element", 1.1)}
MISC = 1500e-12
HOST = {"tflops": 1.0, "pj_per_tflop": 1.0, "mem_bw_GBs": 1.0, "mem_pj_per_bit": 1.0}


def profiles(markdown):
    """The published profiles: {name: {key: number}}, from the table of architectures.md."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in markdown.splitlines() if line.startswith("|")]
    return {row[0]: {key: float(cell) for key, cell in zip(rows[0][1:], row[1:]) if cell}
            for row in rows[2:]}


def product(shape):
    n = 1
    for size in shape:
        n *= size
    return n


def four(shape):
    return [1] * (4 - len(shape)) + list(shape)


class Phase:
    def __init__(self):
        self.time_ns = 0.0
        self.performance_ns, self.energy_pj, self.transfer_bytes = {}, {}, {}

    def add(self, part, key, value):
        part[key] = part.get(key, 0) + value


class Inference:
    """One pass over a list of operations. options: mapping {key: "DEVICE[,t|m]"}, dtype,
    last_layer, sliding_window and kv_heads (None: not set), moe_end ("": none), experts."""

    def __init__(self, devices, options):
        self.devices, self.options = devices, options
        self.phases = {"prefill": Phase(), "decode": Phase()}
        self.phase, self.device, self.counts = "prefill", "HOST", {}
        self.sum_size = self.last_runs = 0
        self.last_input = None

    def now(self):
        return self.phases[self.phase]

    def transfer(self, direction, shape, times=1):
        if self.device == "HOST":
            return
        device, p = self.devices[self.device], self.now()
        n = BYTES[self.options["dtype"]] * product(shape) * times
        time = n / device[direction + "_bw_GBs"]
        p.time_ns += time
        p.add(p.performance_ns, direction, time)
        p.add(p.energy_pj, direction, n * 8 * device[direction + "_pj_per_bit"])
        p.add(p.transfer_bytes, direction, n)

    def move(self, key, shape):
        value = self.options["mapping"].get(key)
        if not value:
            return
        target, *marks = value.split(",")
        moves = target != self.device or "t" in marks
        if not moves and "m" in marks:
            moves = self.counts.get(key, 0) == 0
            self.counts[key] = self.counts.get(key, 0) + 1
        if moves:
            self.transfer("device_to_host", shape)
            self.device = target
            self.transfer("host_to_device", shape)

    def end_experts(self, op):
        experts = self.options["experts"]
        if all(count == experts for count in self.counts.values()):
            self.transfer("device_to_host", op["output"][-2:], experts - 1)
            self.counts = {}

    def weighted(self, device, tera, weight_bytes):
        p = self.now()
        tflops = device["tflops"]
        if self.options["dtype"] == "int4":
            tflops = device.get("tflops_int4", tflops)
        compute, memory = tera / tflops * 1e9, weight_bytes / device["mem_bw_GBs"]
        p.add(p.performance_ns, "compute", compute)
        p.add(p.energy_pj, "compute", tera * device["pj_per_tflop"])
        if weight_bytes:
            p.add(p.performance_ns, "mem_transfer", memory)
            p.add(p.energy_pj, "main_mem", weight_bytes * 8 * device["mem_pj_per_bit"])
        return max(compute, memory)

    def kv_read(self, device, n):
        p = self.now()
        time = n / device["mem_bw_GBs"]
        p.add(p.performance_ns, "kv_load", time)
        p.add(p.energy_pj, "main_mem", n * 8 * device["mem_pj_per_bit"])
        return time

    def matmul(self, device, op):
        time = 0
        if self.phase == "decode" and op["context"] == "attn_weights":
            batch, heads, _, columns = four(op["input"])
            time = self.kv_read(device, 2 * batch * heads * self.sum_size * 2 * columns)
        return time + self.weighted(device, product(op["input"]) * op["output"][0] * 2 / 1e12, 0)

    def attention(self, device, op):
        batch, heads, context, columns = four(op["key"])
        if self.phase == "decode":
            heads = self.options["kv_heads"] or heads
            context = self.options["sliding_window"] or context
        tera = batch * heads * four(op["query"])[2] * columns * 2 / 1e12 * batch
        time = 0
        for _ in range(2):
            read = self.kv_read(device, 2 * batch * heads * context * columns) if self.phase == "decode" else 0
            time += max(read, self.weighted(device, tera, 0))
        return time

    def price(self, op):
        device = HOST if self.device == "HOST" else self.devices[self.device]
        size, p, kind = BYTES[self.options["dtype"]], self.now(), op["op"]
        if kind in ELEMENT_NS:
            key, standard = ELEMENT_NS[kind]
            time = product(op["input"]) * device.get(key, standard)
            p.add(p.performance_ns, "compute", time)
            p.add(p.energy_pj, "compute", product(op["input"]) * MISC * device["pj_per_tflop"])
            return time
        if kind == "linear":
            weight = op["weight"]
            return self.weighted(device, product(op["input"]) * weight[0] * 2 / 1e12, size * product(weight))
        if kind == "layernorm":
            return self.weighted(device, product(op["input"]) * MISC, size)
        return self.matmul(device, op) if kind == "matmul" else self.attention(device, op)

    def run(self, operations):
        last = self.options["last_layer"]
        for op in operations:
            shape = op["key"] if op["op"] == "attention" else op["input"]
            layer = op["op"] in LAYERS
            self.move(op["context"] if layer else FUNCTIONS[op["op"]], shape)
            if layer and self.options["moe_end"] == op["context"]:
                self.end_experts(op)
            self.now().time_ns += self.price(op)
            if op["context"] == last:
                self.last_runs += 1
                self.last_input = shape
                self.sum_size = self.sum_size + 1 if self.last_runs > 1 else four(op["output"])[2]
                self.phase = "decode"
        self.transfer("device_to_host", self.last_input, self.last_runs)
        return self.phases
