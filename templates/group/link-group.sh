#!/bin/sh
# Written by `cargo hotreload enable`; `cargo hotreload disable` removes it.
#
# The linker of dylibs that may have native code. Without the tool, an ordinary link: enough as long as no module needs
# a native symbol of another.
tool={tool}
linker={linker}
[ -x "$tool" ] && exec "$tool" hotreload link-group --linker "$linker" -- "$@"
exec "$linker" "$@"
