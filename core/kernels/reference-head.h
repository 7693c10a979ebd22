/* reference-head.h: activated maps of detection heads in plain loops
 *
 * Part of reference-template.h. Values are n c h w. */

static gboolean
head_forward (EspCall *call)
{
  const EspSpec *spec = &call->kernel->spec;
  const real *in = call->in[0];
  gsize n = count_of (&spec->out), plane = plane_of (&spec->out);

  for (gsize i = 0; i < n; i++)
    {
      gsize entry = i / plane % (gsize) spec->out.shape.c % (gsize) spec->geometry.entries;

      ((real *) call->out)[i] = entry == 2 || entry == 3 ? in[i] : act (ESP_ACTIVATION_LOGISTIC, in[i]);
    }
  return TRUE;
}

static const EspKernelRow head_row = { .forward = head_forward };
