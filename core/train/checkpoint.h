/* checkpoint.h: all that a run of training goes on from, in one file that is whole or not there */
#pragma once

#include "train/optimiser.h"

G_BEGIN_DECLS

typedef struct _EspCheckpoint EspCheckpoint;

/* To write: sections by name, each once; names of 1 to 31 letters, digits, "-" or "_". Thread: one at a time. */
EspCheckpoint *esp_checkpoint_new            (void);
void           esp_checkpoint_free           (EspCheckpoint       *checkpoint);
void           esp_checkpoint_add            (EspCheckpoint       *checkpoint,
                                              const char          *name,
                                              GBytes              *bytes);    /* (transfer full) */
void           esp_checkpoint_add_words      (EspCheckpoint       *checkpoint,
                                              const char          *name,
                                              const guint64       *words,
                                              guint                n);
void           esp_checkpoint_add_numbers    (EspCheckpoint       *checkpoint,
                                              const char          *name,
                                              const double        *numbers,   /* NaN is one */
                                              guint                n);
void           esp_checkpoint_add_settings   (EspCheckpoint       *checkpoint,
                                              const char          *settings);
void           esp_checkpoint_add_training   (EspCheckpoint       *checkpoint,
                                              EspParameterVector  *vector,    /* not to be changed until it is saved */
                                              const EspOptimiser  *optimiser);
gboolean       esp_checkpoint_save           (const EspCheckpoint *checkpoint,
                                              const char          *path,
                                              GError             **error);

/* To read. */
EspCheckpoint *esp_checkpoint_load           (const char          *path,
                                              GError             **error);
EspCheckpoint *esp_checkpoint_parse          (GBytes              *bytes,
                                              const char          *name,      /* for messages */
                                              GError             **error);
GBytes        *esp_checkpoint_get            (const EspCheckpoint *checkpoint, /* (transfer none) (nullable) */
                                              const char          *name);
gboolean       esp_checkpoint_read_words     (const EspCheckpoint *checkpoint,
                                              const char          *name,
                                              guint64             *words,
                                              guint                n,
                                              GError             **error);
gboolean       esp_checkpoint_read_numbers   (const EspCheckpoint *checkpoint,
                                              const char          *name,
                                              double              *numbers,
                                              guint                n,
                                              GError             **error);
gboolean       esp_checkpoint_check_settings (const EspCheckpoint *checkpoint,
                                              const char          *settings,
                                              GError             **error);
gboolean       esp_checkpoint_read_training  (const EspCheckpoint *checkpoint,
                                              EspParameterVector  *vector,
                                              EspOptimiser        *optimiser,
                                              GError             **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspCheckpoint, esp_checkpoint_free)

G_END_DECLS
