/* What the agent and the tool do with a patch, as little of it as these tests need: before `main`, the bytes of the
 * patch in the file $PATCH are put where they belong, and the code is listed as an object of the file $COMPANION.
 *
 * The file has the begin and the length of the code, the address of the unwind table's header, and then for each write
 * the address, the length and the bytes. An address from DESCRIPTOR on is one in the descriptor for GDB. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#define DESCRIPTOR 0x700000000000
#define PAGE 4096UL

struct {
    uint32_t version, action;
    uint64_t relevant, first;
} __jit_debug_descriptor __attribute__((visibility("hidden"), used)) = {.version = 1};

__attribute__((visibility("hidden"), used, noinline)) void __jit_debug_register_code(void) { __asm__ volatile(""); }

extern void __register_frame(void *);

static uint64_t head[3];

static void put(uint64_t address, const void *bytes, uint64_t length) {
    uint64_t begin = address & -PAGE, end = (address + length + PAGE - 1) & -PAGE;
    if (address >= DESCRIPTOR) {
        memcpy((char *)&__jit_debug_descriptor + (address - DESCRIPTOR), bytes, length);
        return;
    }
    for (uint64_t page = begin; page < end; page += PAGE) {
        int all = PROT_READ | PROT_WRITE | PROT_EXEC;
        mmap((void *)page, PAGE, all, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
        if (mprotect((void *)page, PAGE, all) != 0)
            abort();
    }
    memcpy((void *)address, bytes, length);
}

__attribute__((constructor)) static void begin(void) {
    uint64_t record[2];
    FILE *file = fopen(getenv("PATCH"), "rb");
    if (file == NULL || fread(head, sizeof head, 1, file) != 1)
        abort();
    while (fread(record, sizeof record, 1, file) == 1) {
        void *bytes = malloc(record[1]);
        if (fread(bytes, record[1], 1, file) != 1)
            abort();
        put(record[0], bytes, record[1]);
        free(bytes);
    }
    fclose(file);
    /* Behind 4 bytes of encodings: how far away the table is. */
    char *table = (char *)head[2] + 4;
    __register_frame(table + *(int32_t *)table);
    /* Where only a parent may attach. */
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
}

typedef int callback(struct dl_phdr_info *, size_t, void *);

int dl_iterate_phdr(callback *call, void *data) {
    int (*real)(callback *, void *) = dlsym(RTLD_NEXT, "dl_iterate_phdr");
    int answer = real(call, data);
    if (answer != 0)
        return answer;
    ElfW(Phdr) segment = {.p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0, .p_memsz = head[1]};
    struct dl_phdr_info object = {
        .dlpi_addr = head[0], .dlpi_name = getenv("COMPANION"), .dlpi_phdr = &segment, .dlpi_phnum = 1};
    return call(&object, sizeof object, data);
}
