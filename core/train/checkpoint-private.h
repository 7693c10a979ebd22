/* checkpoint-private.h: the sections of a checkpoint, as its files share them */
#pragma once

#include "train/checkpoint.h"

G_BEGIN_DECLS

#define ESP_CHECKPOINT_NAME 32 /* bytes of a section's name in the file, zeros behind */
#define ESP_CHECKPOINT_MOST 64 /* sections */

typedef struct
{
  char    name[ESP_CHECKPOINT_NAME];
  GBytes *bytes;
  gsize   at; /* in the file that was read, for messages */
} EspCheckpointSection;

struct _EspCheckpoint
{
  char   *title;    /* for messages: the file's name; NULL where it is written */
  GArray *sections; /* of EspCheckpointSection */
};

gboolean                    esp_checkpoint_is_name (const char          *name);
const EspCheckpointSection *esp_checkpoint_find    (const EspCheckpoint *checkpoint,
                                                    const char          *name);
gboolean                    esp_checkpoint_expect  (const EspCheckpoint *checkpoint, /* the section is there and has n bytes */
                                                    const char          *name,
                                                    gsize                n,
                                                    const guint8       **data,
                                                    GError             **error);

G_END_DECLS
