/* libcurl, loaded when the first engine or URL needs it: with the thirty libraries it depends on it
 * takes longer to map than an offline command takes to run. Below, the functions of libcurl that
 * are used here keep their names; each is a call through msx_curl, to be made after
 * msx_curl_load() succeeded. */
#ifndef LIB_HTTP_CURL_LOAD_H
#define LIB_HTTP_CURL_LOAD_H

#define CURL_DISABLE_TYPECHECK /* its macros name the functions themselves */
#include <curl/curl.h>

#include "msxops/error.h"

/* Every function of libcurl in use, without "curl_". One added here needs its macro below. */
#define MSX_CURL_CALLS(X)                                                                          \
    X(global_init)                                                                                 \
    X(free)                                                                                        \
    X(getdate)                                                                                     \
    X(slist_append)                                                                                \
    X(slist_free_all)                                                                              \
    X(url)                                                                                         \
    X(url_cleanup)                                                                                 \
    X(url_get)                                                                                     \
    X(url_set)                                                                                     \
    X(easy_init)                                                                                   \
    X(easy_cleanup)                                                                                \
    X(easy_setopt)                                                                                 \
    X(easy_getinfo)                                                                                \
    X(easy_strerror)                                                                               \
    X(multi_init)                                                                                  \
    X(multi_cleanup)                                                                               \
    X(multi_setopt)                                                                                \
    X(multi_add_handle)                                                                            \
    X(multi_remove_handle)                                                                         \
    X(multi_perform)                                                                               \
    X(multi_info_read)                                                                             \
    X(multi_poll)                                                                                  \
    X(multi_wakeup)

/* curl.h may define these as macros of three arguments */
#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define MSX_CURL_MEMBER(name) __typeof__(&curl_##name) name;
struct msx_curl_calls {
    MSX_CURL_CALLS(MSX_CURL_MEMBER)
};
#undef MSX_CURL_MEMBER

/* Not changed after msx_curl_load() succeeded. */
extern struct msx_curl_calls msx_curl;

/* Loads and initialises libcurl at the first call; any thread may call it. MSX_E_IO: there is no
 * usable libcurl; later calls then fail in the same way. */
enum msx_code msx_curl_load(struct msx_error *err) MSX_MUST_CHECK;

#define curl_global_init         msx_curl.global_init
#define curl_free                msx_curl.free
#define curl_getdate             msx_curl.getdate
#define curl_slist_append        msx_curl.slist_append
#define curl_slist_free_all      msx_curl.slist_free_all
#define curl_url                 msx_curl.url
#define curl_url_cleanup         msx_curl.url_cleanup
#define curl_url_get             msx_curl.url_get
#define curl_url_set             msx_curl.url_set
#define curl_easy_init           msx_curl.easy_init
#define curl_easy_cleanup        msx_curl.easy_cleanup
#define curl_easy_setopt         msx_curl.easy_setopt
#define curl_easy_getinfo        msx_curl.easy_getinfo
#define curl_easy_strerror       msx_curl.easy_strerror
#define curl_multi_init          msx_curl.multi_init
#define curl_multi_cleanup       msx_curl.multi_cleanup
#define curl_multi_setopt        msx_curl.multi_setopt
#define curl_multi_add_handle    msx_curl.multi_add_handle
#define curl_multi_remove_handle msx_curl.multi_remove_handle
#define curl_multi_perform       msx_curl.multi_perform
#define curl_multi_info_read     msx_curl.multi_info_read
#define curl_multi_poll          msx_curl.multi_poll
#define curl_multi_wakeup        msx_curl.multi_wakeup

#endif
