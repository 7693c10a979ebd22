/* ticks.h: round numbers along an axis, and how they are written */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Numbers 1, 2 or 5 times a power of ten apart; step 0: low and high are one number. */
typedef struct
{
  double low, high;
  double step;
  int    digits; /* after the point, enough for the step */
} EspTicks;

EspTicks esp_ticks_new  (double          low,
                         double          high,
                         guint           about);  /* how many are wanted */
double   esp_ticks_next (const EspTicks *ticks,   /* the first from @from on; beyond high there is none */
                         double          from);
char    *esp_ticks_text (double          value,   /* (transfer full) */
                         int             digits);

G_END_DECLS
