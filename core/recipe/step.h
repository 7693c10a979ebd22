/* step.h: the registry of what a recipe can do, and one step with its values */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _EspBench EspBench;
typedef struct _EspStep EspStep;

typedef enum
{
  ESP_SETTING_TEXT,
  ESP_SETTING_COUNT,   /* a whole number from lowest to highest */
  ESP_SETTING_NUMBER,  /* likewise with a fraction; "83.4 %" is .834 */
  ESP_SETTING_WORD,    /* one of words */
  ESP_SETTING_NUMBERS, /* numbers with blanks between */
} EspSettingKind;

/* What a step can be told. */
typedef struct
{
  const char        *id;
  EspSettingKind     kind;
  const char        *title;  /* for people: what it says */
  const char        *preset; /* (nullable): NULL: must be given; "" is a value that says nothing */
  double             lowest, highest;
  const char *const *words;  /* NULL-terminated */
} EspSetting;

/* A registry row. */
typedef struct
{
  const char        *id;
  const char        *title;
  const EspSetting  *settings; /* the last one's id is NULL */
  gboolean         (*run) (EspBench *bench, const EspStep *step, GError **error); /* Thread: any but main of a window and the lane */
  const char *const *needs;    /* (nullable), NULL-terminated: steps that must stand above it; "a|b": one of them */
  const char *const *before;   /* (nullable), NULL-terminated: steps that must not stand above it */
  gboolean           again;    /* a recipe may have it more than once */
  gboolean           others;   /* keys that are no settings are for check() to judge */
  gboolean         (*wants) (const EspStep *step, const char *need); /* (nullable): whether that one of needs counts */
  gboolean         (*check) (const EspStep *step, gboolean open, GError **error); /* (nullable): what its values say together */
  double           (*seconds) (EspBench *bench, const EspStep *step); /* (nullable): about how long it takes, once the dense network is
                                                                       * timed */
} EspStepKind;

const EspStepKind *esp_step_kind_get  (guint              i);  /* row i; NULL behind the last */
const EspStepKind *esp_step_kind_find (const char        *id); /* NULL if there is none */

/* One step of a recipe: its row, and what it was told or presets. Immutable. */
const EspStepKind *esp_step_get_kind    (const EspStep *step);
guint              esp_step_get_line    (const EspStep *step);
gboolean           esp_step_waits       (const EspStep *step); /* stop = hand: what it proposes is changed by hand where there is one */
const char        *esp_step_get_text    (const EspStep *step, /* "" where nothing is said; the others are checked when the recipe is read */
                                         const char    *id);
double             esp_step_get_number  (const EspStep *step, /* NaN where nothing is said */
                                         const char    *id);
guint              esp_step_get_count   (const EspStep *step,
                                         const char    *id);
GArray            *esp_step_get_numbers (const EspStep *step, /* (transfer full): of double */
                                         const char    *id);
gboolean           esp_step_is_set      (const EspStep *step, /* whether it says anything */
                                         const char    *id);
GPtrArray         *esp_step_get_others  (const EspStep *step); /* (transfer full): of char*: keys that are no settings, as the file has
                                                                * them */
const char        *esp_step_get_other   (const EspStep *step, /* of one of them */
                                         const char    *id);
/* Sets "FILE:LINE: ID = VALUE: …"; FALSE. */
gboolean           esp_step_refuse      (const EspStep *step,
                                         const char    *id,    /* (nullable): the whole step */
                                         GError       **error,
                                         const char    *format,
                                         ...) G_GNUC_PRINTF (4, 5);

G_END_DECLS
