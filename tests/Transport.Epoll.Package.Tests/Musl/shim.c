/* What the libstdc++ and libgcc_s of this machine, built for glibc, ask for and musl has not: with it .NET for musl runs here, without Alpine.
   Built without headers, since the host's are glibc's. */
typedef unsigned long size_t;
struct phdr { unsigned type, flags; unsigned long offset, vaddr, paddr, filesz, memsz, align; };
struct phdr_info { unsigned long addr; const char *name; const struct phdr *headers; unsigned short count; };
extern int dl_iterate_phdr(int (*)(struct phdr_info *, size_t, void *), void *);
extern long getrandom(void *, size_t, unsigned);
extern size_t strftime_l(char *, size_t, const char *, const void *, void *);

char __libc_single_threaded = 0;
unsigned __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }
unsigned arc4random(void) { unsigned value = 0; getrandom(&value, sizeof value, 0); return value; }
size_t __strftime_l(char *to, size_t size, const char *format, const void *time, void *locale) { return strftime_l(to, size, format, time, locale); }
int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *dso) { return 0; } /* at a thread's end nothing is destroyed */

/* glibc's struct dl_find_object. */
struct found { unsigned long long flags; void *start, *end; void *link_map; void *eh_frame; unsigned long long reserved[7]; };
struct search { unsigned long pc; struct found *found; };

static int look(struct phdr_info *info, size_t size, void *data)
{
    struct search *search = data;
    unsigned long start = 0, end = 0, eh_frame = 0;
    for (int i = 0; i < info->count; i++)
    {
        const struct phdr *header = &info->headers[i];
        unsigned long from = info->addr + header->vaddr;
        if (header->type == 1 && search->pc >= from && search->pc < from + header->memsz) { start = from; end = from + header->memsz; }
        if (header->type == 0x6474e550) eh_frame = from;
    }
    if (!start || !eh_frame) return 0;
    search->found->flags = 0;
    search->found->start = (void *)start;
    search->found->end = (void *)end;
    search->found->link_map = 0;
    search->found->eh_frame = (void *)eh_frame;
    return 1;
}

int _dl_find_object(void *pc, struct found *found)
{
    struct search search = { (unsigned long)pc, found };
    return dl_iterate_phdr(look, &search) ? 0 : -1;
}
