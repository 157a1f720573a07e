#!/bin/sh
# Written by `cargo hotreload enable`; `cargo hotreload disable` removes it.
#
# The linker of dependency groups with native code. Without the tool, an ordinary link: enough as long as no module
# needs a native symbol.
tool={tool}
[ -x "$tool" ] && exec "$tool" hotreload link-group -- "$@"
exec cc "$@"
