/* onednn-bfloat16.c: the set whose convolutions multiply in bfloat16 */
#define G_LOG_DOMAIN "esp-kernels"
#include "config.h"

#include "kernels/onednn-private.h"

/**
 * esp_kernels_bfloat16:
 *
 * oneDNN's set, but products of numbers of 8 significant bits, summed in float: good for a quick look, marked as approximate: oneDNN
 * sums in another order for another batch. Inference only.
 * Returns: (transfer none) (nullable): the set, or NULL where the processor has no instructions for it. Thread: any.
 */
const EspKernelSet *
esp_kernels_bfloat16 (void)
{
  static EspKernelSet set;
  static gsize once = 0;

  if (g_once_init_enter (&once))
    {
      set = *esp_kernels_onednn ();
      set.name = "oneDNN (bfloat16)";
      set.half = TRUE;
      set.halves = esp_onednn_ends_in;
      set.special[ESP_OP_CONVOLUTION] = NULL;
      g_once_init_leave (&once, 1);
    }
  return (dnnl_get_effective_cpu_isa () & dnnl_cpu_isa_avx512_core_bf16) == dnnl_cpu_isa_avx512_core_bf16 ? &set : NULL;
}
