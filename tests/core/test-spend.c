/* test-spend.c: ratios under an exact cost that does not add up over sets, against every ratio of a grid */
#include "config.h"

#include "search/spend.h"

#include <math.h>

#include "base/rng.h"

#define N 3

/* A chain of convolutions: each costs what is kept before it times what is kept of it. */
static double
chain_cost (const double *ratios, gpointer data)
{
  const double *widths = data;
  double cost = widths[0] * (1 - ratios[0]);

  for (guint s = 1; s < N; s++)
    cost += widths[s - 1] * (1 - ratios[s - 1]) * widths[s] * (1 - ratios[s]);
  return cost + widths[N - 1] * (1 - ratios[N - 1]);
}

static double
sum_losses (const EspLossCurves *curves, const double *ratios)
{
  double sum = 0;

  for (guint s = 0; s < N; s++)
    sum += esp_loss_at (curves, s, ratios[s]);
  return sum;
}

static double
most_loss (const EspLossCurves *curves, const double *ratios)
{
  double most = 0;

  for (guint s = 0; s < N; s++)
    most = MAX (most, esp_loss_at (curves, s, ratios[s]));
  return most;
}

static void
test_loss (void)
{
  const double levels[] = { .25, .5 }, losses[] = { .1, .1, 0, .4 };
  const EspLossCurves curves = { 2, levels, losses };

  g_assert_cmpfloat (esp_loss_at (&curves, 0, 0), ==, 0);
  g_assert_cmpfloat_with_epsilon (esp_loss_at (&curves, 0, .125), .05, 1e-15);
  g_assert_cmpfloat_with_epsilon (esp_loss_at (&curves, 0, .4), .1, 1e-15);
  g_assert_cmpfloat_with_epsilon (esp_loss_at (&curves, 1, .25), 0, 1e-15);
  g_assert_cmpfloat_with_epsilon (esp_loss_at (&curves, 1, 1), 1.2, 1e-12); /* on as the last stretch goes */
}

static void
test_uniform (void)
{
  double widths[] = { 8, 16, 32 }, ratios[N];
  const EspSpend spend = { N, chain_cost, widths };
  const double zero[N] = { 0 }, whole = chain_cost (zero, widths);

  g_assert_true (esp_spend_uniform (&spend, whole, ratios));
  g_assert_cmpfloat (ratios[0], ==, 0);
  g_assert_true (esp_spend_uniform (&spend, whole / 2, ratios));
  g_assert_cmpfloat (ratios[0], ==, ratios[2]);
  g_assert_cmpfloat (chain_cost (ratios, widths), <=, whole / 2);
  g_assert_cmpfloat (chain_cost (ratios, widths), >, whole / 2 * (1 - 1e-9));
  g_assert_false (esp_spend_uniform (&spend, -1, ratios));
}

/* Curves by lot: convex or not, not falling. */
static void
draw_losses (GRand *stream, double *losses, guint n_levels)
{
  for (guint s = 0; s < N; s++)
    for (guint k = 0; k < n_levels; k++)
      losses[s * n_levels + k] = (k > 0 ? losses[s * n_levels + k - 1] : 0) + pow (g_rand_double (stream), 3);
}

/* Of all ratios in steps of 1/20 that cost at most @most the least sum and the least largest loss. */
static void
try_all (const EspSpend *spend, const EspLossCurves *curves, double most, double *sum, double *bound)
{
  *sum = *bound = INFINITY;
  for (guint i = 0; i < 21 * 21 * 21; i++)
    {
      const double ratios[] = { i % 21 / 20., i / 21 % 21 / 20., i / 441 / 20. };

      if (spend->cost (ratios, spend->data) > most)
        continue;
      *sum = MIN (*sum, sum_losses (curves, ratios));
      *bound = MIN (*bound, most_loss (curves, ratios));
    }
}

static void
test_least (void)
{
  const double levels[] = { .25, .5, .75 };
  double widths[] = { 8, 16, 32 }, losses[N * 3], zero[N] = { 0 }, mean = 0;
  const EspSpend spend = { N, chain_cost, widths };
  const EspLossCurves curves = { 3, levels, losses };
  const guint n = 40;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GRand) stream = esp_rng_new (i, 'l', 0);
      const double most = chain_cost (zero, widths) * g_rand_double_range (stream, .2, .8);
      double ratios[N], sum, bound;

      draw_losses (stream, losses, 3);
      try_all (&spend, &curves, most, &sum, &bound);
      g_assert_true (esp_spend_bound (&spend, &curves, most, ratios));
      g_assert_cmpfloat (spend.cost (ratios, widths), <=, most);
      g_assert_cmpfloat (most_loss (&curves, ratios), <=, bound + 1e-9); /* the grid is coarser */
      g_assert_true (esp_spend_sum (&spend, &curves, most, ratios));
      g_assert_cmpfloat (spend.cost (ratios, widths), <=, most);
      mean += sum_losses (&curves, ratios) / sum / n;
    }
  g_test_message ("summed losses are %.3f of the least on the grid", mean);
  g_assert_cmpfloat (mean, <, 1); /* ratios between those of the grid, too */
}

static void
test_around (void)
{
  double widths[] = { 8, 16, 32 }, ratios[] = { .2, .9, .4 };
  const EspSpend spend = { N, chain_cost, widths };

  g_assert_true (esp_spend_around (&spend, 1, 70, ratios));
  g_assert_cmpfloat (ratios[1], ==, .9);
  g_assert_cmpfloat (chain_cost (ratios, widths), <=, 70);
  g_assert_cmpfloat (ratios[0], >, 0);
  g_assert_cmpfloat_with_epsilon (ratios[0] / ratios[2], .5, 1e-9); /* room: the others keep more, in proportion */
  ratios[1] = 0;
  g_assert_true (esp_spend_around (&spend, 1, 200, ratios));
  g_assert_cmpfloat (ratios[1], ==, 0);
  g_assert_cmpfloat (chain_cost (ratios, widths), <=, 200);
  g_assert_false (esp_spend_around (&spend, 1, -1, ratios));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/spend/loss", test_loss);
  g_test_add_func ("/spend/uniform", test_uniform);
  g_test_add_func ("/spend/least", test_least);
  g_test_add_func ("/spend/around", test_around);
  return g_test_run ();
}
