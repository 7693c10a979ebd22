/* spend.h: how much of each of several sets of channels goes, so that what is left costs no more than it may: by measured losses and an
 * exact cost */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is left costs with @ratios of the sets gone: never more with larger ratios. Costs of sets need not add up. */
typedef double (*EspSpendFunc) (const double *ratios,
                                gpointer      data);

typedef struct
{
  guint         n; /* sets */
  EspSpendFunc  cost;
  gpointer      data;
} EspSpend;

/* What cutting each set alone loses at some shares; straight between them, from 0 at 0, and on as the last stretch goes. */
typedef struct
{
  guint         n_levels;
  const double *levels; /* ascending, in 0..1 */
  const double *losses; /* n * n_levels, by set; not falling with the level */
} EspLossCurves;

double   esp_loss_at       (const EspLossCurves *curves,
                            guint                set,
                            double               ratio);
/* FALSE where even ratios of 1 cost more than @most; @ratios (out caller-allocates): n numbers. */
gboolean esp_spend_uniform (const EspSpend      *spend,   /* one ratio for all, the smallest */
                            double               most,
                            double              *ratios);
gboolean esp_spend_bound   (const EspSpend      *spend,   /* each as far as one loss lets it, the smallest such loss */
                            const EspLossCurves *curves,
                            double               most,
                            double              *ratios);
gboolean esp_spend_sum     (const EspSpend      *spend,   /* the least sum of losses */
                            const EspLossCurves *curves,
                            double               most,
                            double              *ratios);
gboolean esp_spend_around  (const EspSpend      *spend,   /* set @fixed stays as it is, the others move together */
                            guint                fixed,
                            double               most,
                            double              *ratios); /* (inout) */

G_END_DECLS
