/* The one function of glibc that gcc's unwinder asks for and musl lacks: which loaded object holds
 * an address, and where its unwind table begins. packaging/sysroot adds it to libunwind.a.
 * The structure is glibc's (dlfcn.h) on machines without a data base address: x86_64, aarch64. */
#define _GNU_SOURCE
#include <link.h>
#include <stdint.h>

struct dl_find_object {
    unsigned long long flags;
    void *start;
    void *end;
    void *link_map;
    void *eh_frame_hdr;
    unsigned long long reserved[7];
};

struct search {
    uintptr_t address;
    struct dl_find_object *found;
};

static int holds(struct dl_phdr_info *info, size_t size, void *data)
{
    const struct search *search = data;
    struct dl_find_object at = { 0 };
    (void)size;
    for (int n = 0; n < info->dlpi_phnum; n++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[n];
        uintptr_t start = info->dlpi_addr + part->p_vaddr;
        if (part->p_type == PT_GNU_EH_FRAME)
            at.eh_frame_hdr = (void *)start;
        if (part->p_type == PT_LOAD && search->address >= start && search->address - start < part->p_memsz) {
            at.start = (void *)start;
            at.end = (void *)(start + part->p_memsz);
        }
    }
    if (!at.end || !at.eh_frame_hdr)
        return 0;
    *search->found = at;
    return 1;
}

int _dl_find_object(void *address, struct dl_find_object *found)
{
    struct search search = { (uintptr_t)address, found };
    return dl_iterate_phdr(holds, &search) ? 0 : -1;
}
