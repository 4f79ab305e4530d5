# user_common.sh: what the tests of hook files share; read after common.sh.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
tools=$build/bin
plugin=$bin/libuser_plugin.so
export PROFSHIM_HOOKS=$work/hooks.yaml

# What one call is: op, context, layer, shapes, types.
told() {
	"$tools/proftrace" export trace.bin | python3 -c '
import json, sys
for line in sys.stdin:
    op = json.loads(line)
    print(op["name"], op["op"], op.get("context"), op.get("layer"), op.get("input"), op.get("weight"), op.get("dtype"), op.get("bytes"),
          op.get("region"), op.get("m"), op.get("n"), op.get("k"))'
}
