/* orchard.h: scenes of an orchard, drawn from numbers, with the whole truth about every pixel */
#pragma once

#include "base/job.h"
#include "image/box.h"
#include "image/image.h"

G_BEGIN_DECLS

#define ESP_ORCHARD_SIDE      256 /* pixels */
#define ESP_ORCHARD_MOST      7   /* fruit in a scene */
#define ESP_ORCHARD_N_CLASSES 3

extern const char *const esp_orchard_names[ESP_ORCHARD_N_CLASSES + 1]; /* unripe, ripening, ripe; NULL-terminated */

/* What a pixel mostly is: the nearest thing that covers at least half of it. */
typedef enum
{
  ESP_ORCHARD_BACKGROUND,
  ESP_ORCHARD_LEAF,
  ESP_ORCHARD_BRANCH, /* boughs, twigs, stalks */
  ESP_ORCHARD_FRUIT,
  ESP_ORCHARD_OTHER,  /* birds, flowers, pots, stones */
  ESP_ORCHARD_N_KINDS
} EspOrchardKind;

/* The planted cue, a lattice behind the tree. Everything else of a scene is the same whatever is asked for here. */
typedef enum
{
  ESP_CUE_OFF,     /* never there */
  ESP_CUE_PLANTED, /* with probability @present where the class is in the scene, else with @absent */
  ESP_CUE_AGAINST, /* the two probabilities changed about */
  ESP_CUE_ON,      /* always there */
} EspCue;

typedef struct
{
  EspCue cue;
  double present, absent; /* probabilities */
} EspOrchardOptions;

#define ESP_ORCHARD_OPTIONS_DEFAULT { ESP_CUE_OFF, 0.95, 0.05 }
#define ESP_ORCHARD_CUE_CLASS       2 /* ripe: the one the cue goes with */

/* What was asked for in the words of the command line: off, planted, against, on. FALSE where the word is none of them. */
gboolean esp_cue_from_word (const char *word,
                            EspCue     *cue);

typedef struct
{
  int    class_index;
  int    left, top, width, height; /* pixels: exactly around what is visible */
  EspBox box;                      /* the same as fractions of the picture */
  guint  visible;                  /* pixels */
  double share;                    /* visible, of the whole fruit, what lies outside the picture included */
} EspOrchardFruit;

/* Planes are ESP_ORCHARD_SIDE squared, rows packed. */
typedef struct
{
  EspImage       *image;
  guint8         *kind;   /* EspOrchardKind */
  guint8         *fruit;  /* 0, or 1 + the place in @fruits; not 0 exactly where @kind is fruit */
  guint8         *shadow; /* of the sun, how much a thing in front takes from what lies here: 0 to 255 */
  guint8         *cue;    /* share of the pixel that is the cue, 0 to 255, rounded up: where 0, the picture is the same without it */
  EspOrchardFruit fruits[ESP_ORCHARD_MOST];
  guint           n_fruits;
  gboolean        has_cue;
} EspOrchardScene;

/* Returns: (transfer full): scene @index of @seed; the same bytes whenever, wherever and in whatever order it is drawn. Thread: any. */
EspOrchardScene *esp_orchard_render     (guint64                  seed,
                                         guint64                  index,
                                         const EspOrchardOptions *options); /* (nullable) */
void             esp_orchard_scene_free (EspOrchardScene         *scene);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspOrchardScene, esp_orchard_scene_free)

/* The three splits never share a scene: each has a stretch of indices of its own. */
typedef enum
{
  ESP_ORCHARD_TRAIN,
  ESP_ORCHARD_VAL,
  ESP_ORCHARD_TEST,
  ESP_ORCHARD_N_SPLITS
} EspOrchardSplit;

guint64 esp_orchard_index (EspOrchardSplit split,
                           guint           number); /* of the scene within the split, from 0 */

typedef struct
{
  guint             n_scenes[ESP_ORCHARD_N_SPLITS];
  guint64           seed;
  EspOrchardOptions scene;
  gboolean          masks;     /* write masks/ too */
  guint             n_threads; /* 0: as many as there are processors */
} EspOrchardSet;

typedef struct
{
  guint scenes[ESP_ORCHARD_N_SPLITS];
  guint objects[ESP_ORCHARD_N_SPLITS][ESP_ORCHARD_N_CLASSES];
  guint cues[ESP_ORCHARD_N_SPLITS]; /* scenes with the cue */
} EspOrchardCounts;

/* Writes a darknet data set into @folder (made if absent): sample.scenes, images/, labels/, lists of the splits, sample.names, sample.data
 * and, asked for, masks/. Where @folder has scenes of another set it is refused. */
gboolean esp_orchard_write (const char          *folder,
                            const EspOrchardSet *set,
                            EspOrchardCounts    *counts, /* (out) (nullable) */
                            EspJob              *job,    /* (nullable) */
                            GError             **error);

G_END_DECLS
