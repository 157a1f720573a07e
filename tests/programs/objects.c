// Lists the objects that unwinders and backtraces find.
//
// "list" on standard input: `NAME FROM TO TABLE` for each that has a slash and a number as its name's end, and `end`.
// "find ADDRESS": `FROM TO TABLE` of the object there, or `none`.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int list(struct dl_phdr_info *info, size_t size, void *data) {
    const char *slash = strrchr(info->dlpi_name, '/');
    if (slash == NULL || slash[1] < '0' || slash[1] > '9') return 0;
    unsigned long from = 0, to = 0, table = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type == PT_LOAD) from = info->dlpi_addr + header->p_vaddr, to = from + header->p_memsz;
        if (header->p_type == PT_GNU_EH_FRAME) table = info->dlpi_addr + header->p_vaddr;
    }
    printf("%s %lx %lx %lx\n", info->dlpi_name, from, to, table);
    return 0 * (size + (data != NULL));
}

static int stop_at_first(struct dl_phdr_info *info, size_t size, void *data) {
    return info != NULL && size > 0 && data == NULL ? 7 : 8;
}

int main(void) {
    char line[64];
    setvbuf(stdout, NULL, _IOLBF, 0);
    puts("ready");
    while (fgets(line, sizeof line, stdin)) {
        struct dl_find_object found;
        if (line[0] == 'l') {
            dl_iterate_phdr(list, NULL);
            printf("end %d\n", dl_iterate_phdr(stop_at_first, NULL));
        } else if (_dl_find_object((void *)strtoul(line + 5, NULL, 16), &found) == 0) {
            printf("%lx %lx %lx\n", (unsigned long)found.dlfo_map_start, (unsigned long)found.dlfo_map_end,
                   (unsigned long)found.dlfo_eh_frame);
        } else {
            puts("none");
        }
    }
    return 0;
}
