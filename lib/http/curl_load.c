/* Finds libcurl while the program runs. See curl_load.h for why it is not linked. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "http/engine.h"

#ifndef MSX_CURL_SONAME
#ifdef __APPLE__
#define MSX_CURL_SONAME "libcurl.4.dylib"
#else
#define MSX_CURL_SONAME "libcurl.so.4"
#endif
#endif

struct msx_curl_calls msx_curl;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool ready;
static char why[300]; /* when not ready */

/* ISO C knows no conversion from an object's address to a function's. */
_Static_assert(sizeof(void *) == sizeof(msx_curl.free), "a function's address fits into void *");

static bool find(void *lib, const char *name, void *function, size_t size)
{
    void *address = dlsym(lib, name);

    if (!address) {
        (void)snprintf(why, sizeof(why), "it has no %s()", name);
        return false;
    }
    memcpy(function, &address, size);
    return true;
}

/* The library is never closed: handles of it live as long as the program. */
static bool load_from(const char *soname, struct msx_curl_calls *out)
{
    void *lib = dlopen(soname, RTLD_NOW | RTLD_LOCAL);
    struct msx_curl_calls c = { 0 };
    bool all;

    if (!lib) {
        const char *reason = dlerror();

        (void)snprintf(why, sizeof(why), "%s", reason ? reason : "no reason given");
        return false;
    }
#define FIND(name) &&find(lib, "curl_" #name, &c.name, sizeof(c.name))
    all = true MSX_CURL_CALLS(FIND);
#undef FIND
    if (!all) {
        (void)dlclose(lib);
        return false;
    }
    *out = c;
    return true;
}

static void load(void)
{
    CURLcode code;

    if (!load_from(MSX_CURL_SONAME, &msx_curl))
        return;
    code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code)
        (void)snprintf(why, sizeof(why), "%s", curl_easy_strerror(code));
    ready = code == CURLE_OK;
}

enum msx_code msx_curl_load(struct msx_error *err)
{
    enum msx_code rc;

    if (pthread_once(&once, load))
        return msx_fail(err, MSX_E_NOMEM, "cannot initialise libcurl");
    if (ready)
        return MSX_OK;
    rc = msx_fail(err, MSX_E_IO, "cannot use libcurl (%s): %s", MSX_CURL_SONAME, why);
    msx_hint(err, "install the package libcurl4, for example with: sudo apt install libcurl4");
    return rc;
}
