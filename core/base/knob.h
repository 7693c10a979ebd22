/* knob.h: the numbers that a registry row lets a person choose */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  const char        *id, *title;
  double             preset;
  double             lowest, highest;         /* legal */
  double             slider_low, slider_high; /* useful */
  const char *const *words;                   /* (nullable): NULL-terminated; the number is a place among them */
  gboolean           whole;                   /* only whole numbers are legal */
} EspKnob;

/* Thread: any. @values: n numbers, one a knob. @owner: the row's id, which messages begin with. */
double  *esp_knobs_new         (const EspKnob *knobs, /* (transfer full): the presets; NULL for none */
                                guint          n);
gboolean esp_knobs_set         (const EspKnob *knobs,
                                guint          n,
                                double        *values,
                                const char    *owner,
                                const char    *id,
                                const char    *value, /* a number in the C locale, or one of the words */
                                GError       **error);
gboolean esp_knobs_parse       (const EspKnob *knobs,
                                guint          n,
                                double        *values,
                                const char    *owner,
                                const char    *text,  /* "NAME=VALUE,NAME=VALUE"; empty: nothing is changed */
                                GError       **error);
void     esp_knobs_append_text (const EspKnob *knobs, /* what esp_knobs_parse() reads back to the same bits, all named */
                                guint          n,
                                const double  *values,
                                GString       *text);

G_END_DECLS
