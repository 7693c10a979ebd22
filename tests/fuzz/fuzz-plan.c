/* fuzz-plan.c: plan.json, for a network with a shortcut, a depthwise convolution, a route and two heads */
#define G_LOG_DOMAIN "esp-fuzz"
#include "config.h"

#include "fuzz.h"

#include <string.h>

#include "prune/plan.h"

static const char text[] = "[net]\nwidth=16\nheight=16\nchannels=3\n"
                           "[convolutional]\nfilters=6\nsize=3\nstride=2\npad=1\nbatch_normalize=1\nactivation=leaky\n"   /* 0 */
                           "[convolutional]\nfilters=6\nsize=3\npad=1\ngroups=6\nactivation=leaky\n"                      /* 1 */
                           "[convolutional]\nfilters=6\nactivation=linear\n"                                              /* 2 */
                           "[shortcut]\nfrom=-3\nactivation=linear\n"                                                     /* 3 */
                           "[convolutional]\nfilters=4\nsize=3\nstride=2\npad=1\nactivation=leaky\n"                      /* 4 */
                           "[convolutional]\nfilters=6\nactivation=linear\n"                                              /* 5 */
                           "[yolo]\nmask=0\nanchors=3,4, 8,9\nclasses=1\nnum=2\n"                                         /* 6 */
                           "[route]\nlayers=4\n[upsample]\nstride=2\n[route]\nlayers=-1,3\n"                              /* 7 8 9 */
                           "[convolutional]\nfilters=3\nactivation=relu\n[convolutional]\nfilters=6\nactivation=linear\n" /* 10 11 */
                           "[yolo]\nmask=1\nanchors=3,4, 8,9\nclasses=1\nnum=2\n";

static EspNetwork *network;
static EspCoupling *coupling;

static void
make_network (void)
{
  network = esp_network_new (esp_cfg_parse (text, strlen (text), "fuzz.cfg", NULL), NULL);
  g_assert_nonnull (network);
  coupling = esp_coupling_new (network);
}

/* What was taken is written, taken again, and keeps the same channels. */
static void
check (EspPlan *plan, const EspMask *of_file, const char *path)
{
  g_autoptr (EspPlan) again = esp_plan_new (network, coupling, NULL);
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan), mask_again = NULL;
  GError *error = NULL;

  g_assert_true (esp_hash_equal (esp_mask_get_hash (mask), esp_mask_get_hash (of_file)));
  esp_plan_save (plan, NULL, NULL, path, &error);
  g_assert_no_error (error);
  esp_plan_load (again, path, &error);
  g_assert_no_error (error);
  mask_again = esp_plan_get_mask (again);
  g_assert_true (esp_hash_equal (esp_mask_get_hash (mask), esp_mask_get_hash (mask_again)));
  esp_plan_undo (plan);
  g_object_get (plan, "can-redo", &(gboolean){ FALSE }, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize n)
{
  g_autofree char *path = fuzz_put ("fuzz.json", data, n);
  g_autoptr (EspPlan) plan = NULL;
  g_autoptr (EspMask) mask = NULL;
  GError *error = NULL, *of_mask = NULL;
  gboolean taken;

  if (network == NULL)
    make_network ();
  plan = esp_plan_new (network, coupling, NULL);
  taken = esp_plan_load (plan, path, &error);
  mask = esp_plan_read_mask (network, path, NULL, NULL, &of_mask);
  g_assert_true (!taken || mask != NULL);
  if (taken)
    check (plan, mask, path);
  fuzz_tell (taken, error);
  fuzz_tell (mask != NULL, of_mask);
  return 0;
}
