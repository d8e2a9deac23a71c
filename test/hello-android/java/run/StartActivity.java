import android.os.Bundle;
import java.lang.reflect.Method;

/** Loads an activity, which makes the JVM verify its bytecode, and calls onCreate on it. */
public final class StartActivity {
  public static void main(String[] args) throws Exception {
    Class<?> type = Class.forName(args[0]);
    Object activity = type.getDeclaredConstructor().newInstance();
    Method onCreate = type.getDeclaredMethod("onCreate", Bundle.class);
    onCreate.setAccessible(true);
    onCreate.invoke(activity, new Object[] {null});
  }
}
