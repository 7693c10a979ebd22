/* orchard-branch.c: wood: a tapered tube along a curve, with bark; stalks are the same, thin and green */
#define G_LOG_DOMAIN "esp-draw"
#include "config.h"

#include "draw/orchard-private.h"

#define MOST_JOINTS 14

/** esp_orchard_wood_at: the point at @t, 0 to 1, of the middle line. Thread: any. */
void
esp_orchard_wood_at (const EspOrchardWood *wood, float t, float *x, float *y)
{
  const float a = (1 - t) * (1 - t), b = 2 * t * (1 - t), c = t * t;

  *x = a * wood->x[0] + b * wood->x[1] + c * wood->x[2];
  *y = a * wood->y[0] + b * wood->y[1] + c * wood->y[2];
}

/* One straight piece of the tube. */
typedef struct
{
  const EspOrchardWood *wood;
  float x, y, dx, dy, length; /* from, direction, pixels */
  float t0, t1;
} Joint;

/* Where (@px, @py) is on the joint: @t along the whole, @q across in radii. Returns: pixels inside. */
static float
joint_inside (const Joint *joint, float px, float py, float *t, float *q)
{
  const float ax = px - joint->x, ay = py - joint->y;
  const float u = CLAMP (ax * joint->dx + ay * joint->dy, 0, joint->length);
  const float ox = ax - u * joint->dx, oy = ay - u * joint->dy;
  const float distance = sqrtf (ox * ox + oy * oy);
  float radius;

  *t = joint->t0 + (joint->t1 - joint->t0) * u / MAX (joint->length, 1e-3f);
  radius = joint->wood->radius[0] + (joint->wood->radius[1] - joint->wood->radius[0]) * *t;
  if (joint->wood->rough > 0)
    radius *= 1 + .14f * joint->wood->rough * esp_orchard_noise (*t * 17, 0, joint->wood->seed);
  *q = CLAMP ((-ax * joint->dy + ay * joint->dx) / radius, -1, 1);
  return radius - distance;
}

static EspRgb
colour_at (const Joint *joint, const EspOrchardLight *light, float t, float q)
{
  const EspOrchardWood *wood = joint->wood;
  const float span = joint->length / MAX (joint->t1 - joint->t0, 1e-3f) / MAX (wood->radius[0], 1);
  const float bark
      = esp_orchard_noise (t * span * .9f, q * 3.2f + 9, wood->seed) + .5f * esp_orchard_noise (t * span * 2.6f, q * 5, wood->seed + 1);
  const float tilt = CLAMP (q + .22f * wood->rough * bark, -1, 1), z = sqrtf (MAX (.02f, 1 - tilt * tilt));
  const EspVec n = esp_vec_unit ((EspVec){ -joint->dy * tilt, joint->dx * tilt, z });
  const EspRgb albedo = esp_rgb_scale (wood->albedo, 1 + wood->rough * .45f * bark);

  return esp_rgb_scale (esp_orchard_lit (light, albedo, n, wood->sun, .05f), light->exposure);
}

static void
draw_joint (const Joint *joint, const EspOrchardLight *light, EspOrchardCanvas *canvas, gboolean shadow)
{
  const EspOrchardWood *wood = joint->wood;
  const float dx = shadow ? -light->dir.x * wood->gap : 0, dy = shadow ? -light->dir.y * wood->gap : 0;
  const float soft = shadow ? wood->soft + .6f + .12f * wood->gap : wood->soft;
  const float reach = 1.15f * MAX (wood->radius[0], wood->radius[1]) + soft + 1;
  const float ex = joint->x + joint->dx * joint->length, ey = joint->y + joint->dy * joint->length;
  const EspOrchardPatch patch = esp_orchard_patch (MIN (joint->x, ex) + dx - reach, MIN (joint->y, ey) + dy - reach,
                                                   MAX (joint->x, ex) + dx + reach, MAX (joint->y, ey) + dy + reach);
  float t = 0, q = 0;

  for (int y = patch.top; y < patch.bottom; y++)
    for (int x = patch.left; x < patch.right; x++)
      {
        const int at = y * SIDE + x;
        const float inside
            = esp_orchard_canvas_shows (canvas, at) ? joint_inside (joint, (float) x + .5f - dx, (float) y + .5f - dy, &t, &q) : -99;

        if (inside <= -soft)
          continue;
        if (shadow)
          esp_orchard_canvas_shade (canvas, at, .8f * esp_orchard_coverage (inside, soft));
        else if (canvas->outline)
          esp_orchard_canvas_claim (canvas, at, esp_orchard_coverage (inside, soft), 0);
        else
          esp_orchard_canvas_put (canvas, at, esp_orchard_coverage (inside, soft), colour_at (joint, light, t, q), ESP_ORCHARD_BRANCH, 0);
      }
}

static Joint
make_joint (const EspOrchardWood *wood, guint i, guint n)
{
  Joint joint = { .wood = wood, .t0 = (float) i / (float) n, .t1 = (float) (i + 1) / (float) n };
  float ex, ey;

  esp_orchard_wood_at (wood, joint.t0, &joint.x, &joint.y);
  esp_orchard_wood_at (wood, joint.t1, &ex, &ey);
  joint.length = hypotf (ex - joint.x, ey - joint.y);
  joint.dx = (ex - joint.x) / MAX (joint.length, 1e-3f);
  joint.dy = (ey - joint.y) / MAX (joint.length, 1e-3f);
  return joint;
}

/** esp_orchard_wood_draw: casts its shadow on what is there, then lays it over. Thread: the canvas's owner. */
void
esp_orchard_wood_draw (const EspOrchardWood *wood, const EspOrchardLight *light, EspOrchardCanvas *canvas)
{
  const float span = hypotf (wood->x[1] - wood->x[0], wood->y[1] - wood->y[0]) + hypotf (wood->x[2] - wood->x[1], wood->y[2] - wood->y[1]);
  const guint n = (guint) CLAMP (span / 14, 3, MOST_JOINTS);

  for (guint i = 0; wood->gap > 0 && !canvas->outline && i < n; i++)
    {
      const Joint joint = make_joint (wood, i, n);

      draw_joint (&joint, light, canvas, TRUE);
    }
  for (guint i = 0; i < n; i++)
    {
      const Joint joint = make_joint (wood, i, n);

      draw_joint (&joint, light, canvas, FALSE);
    }
}
