/* Shared by the files of the store. */
#ifndef SANDBOX_STORE_PRIV_H
#define SANDBOX_STORE_PRIV_H

#include <pthread.h>

#include "db.h"

struct sb_store {
    char *path;
    pthread_mutex_t pool_lock; /* guards readers and n_readers */
    pthread_cond_t pool_free;
    struct sb_conn *readers; /* free ones */
    size_t n_readers;        /* free and in use */
    pthread_mutex_t write_lock;
    struct sb_conn *writer;
    /* while loading, under write_lock */
    char load_today[11];
    char load_whoami[37];
    int64_t load_version;
};

bool sb_store_indexes(struct sb_conn *c, bool create);
bool sb_meta_get(struct sb_conn *c, const char *key, char *out, size_t size);
bool sb_meta_set(struct sb_conn *c, const char *key, const char *value);

#endif
