/* shape.c: the four sizes of an activation */
#define G_LOG_DOMAIN "esp-tensor"
#include "config.h"

#include "tensor/shape.h"

/** esp_shape_count: Returns: how many numbers a tensor of this shape holds. */
gsize
esp_shape_count (EspShape s)
{
  return (gsize) s.n * (gsize) s.c * (gsize) s.h * (gsize) s.w;
}

/** esp_shape_equal: Returns: whether all four sizes agree. */
gboolean
esp_shape_equal (EspShape s, EspShape t)
{
  return s.n == t.n && s.c == t.c && s.h == t.h && s.w == t.w;
}
