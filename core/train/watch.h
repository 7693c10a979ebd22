/* watch.h: when a run has gone wrong, and when it gets no better */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ESP_WATCH_WINDOW 64

typedef enum
{
  ESP_WATCH_FINE,
  ESP_WATCH_NOT_FINITE, /* the loss is no number */
  ESP_WATCH_DIVERGED,   /* it has stayed far above what it was */
} EspWatchVerdict;

/* All zero at first. A checkpoint keeps it whole: a window of words and numbers. */
typedef struct
{
  guint64 n;                        /* losses in the window so far, of them the last ESP_WATCH_WINDOW are held */
  guint64 high;                     /* in a row, the last ones */
  double  losses[ESP_WATCH_WINDOW]; /* a ring */
} EspLossWatch;

typedef struct
{
  double factor; /* a loss above so many times the median of the window is high */
  guint  most;   /* so many high ones in a row: it diverged; 0: never */
} EspWatchOptions;

/* The best of the values so far; all zero at first. */
typedef struct
{
  guint64 n;      /* values seen */
  guint64 misses; /* since the best */
  guint64 at;     /* of the best, as the caller counts */
  double  best;
} EspPatience;

/* Whose weights are kept while a run goes on; all zero at first. */
typedef struct
{
  guint64 at;     /* the epoch, from 1; 0: none yet */
  double  lowest; /* mean loss of the epochs so far */
  double  norm;   /* of the parameters kept */
} EspKept;

void            esp_watch_options_init (EspWatchOptions       *options);
EspWatchVerdict esp_loss_watch_add     (EspLossWatch          *watch,
                                        const EspWatchOptions *options,
                                        double                 loss);
double          esp_loss_watch_median  (const EspLossWatch    *watch);
double          esp_loss_watch_last    (const EspLossWatch    *watch);   /* NaN before any; infinite where it was a high one */
gboolean        esp_kept_is_sound      (const EspKept         *kept,
                                        double                 loss,     /* mean over the epoch */
                                        double                 last,     /* of its last update */
                                        double                 norm);    /* of the parameters after it */
void            esp_kept_note          (EspKept               *kept,     /* an epoch, whose weights are kept or not */
                                        double                 loss,
                                        double                 norm,
                                        guint64                at,
                                        gboolean               keep);
gboolean        esp_patience_add       (EspPatience           *patience, /* whether it is the best so far */
                                        double                 value,    /* larger is better; NaN is never better */
                                        guint64                at);
gboolean        esp_patience_is_over   (const EspPatience     *patience,
                                        guint64                most);    /* values without a better one; 0: never */

G_END_DECLS
